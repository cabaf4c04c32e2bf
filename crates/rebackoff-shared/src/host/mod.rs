//! Guards that the processes of a host share in a memory-mapped file.
