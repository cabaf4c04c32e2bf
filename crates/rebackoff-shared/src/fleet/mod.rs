//! Guards that the processes of a fleet share through Redis or Valkey.
