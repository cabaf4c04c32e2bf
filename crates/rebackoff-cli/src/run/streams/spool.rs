//! Bytes that are kept for later.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Kept in memory.
const IN_MEMORY: usize = 1024 * 1024;

/// Bytes that are kept for later: in memory to 1 MiB, then in a file that has no name.
#[derive(Debug, Default)]
pub(super) struct Spool {
    /// The bytes in front of those in memory; `filed` of them count.
    file: Option<File>,
    filed: u64,
    memory: Vec<u8>,
}

impl Spool {
    // Getters

    pub(super) fn len(&self) -> u64 {
        self.filed + self.memory.len() as u64
    }

    /// Reads from `position` on; 0 at the end.
    pub(super) fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if let (Some(file), true) = (&self.file, position < self.filed) {
            let most = usize::try_from(self.filed - position).unwrap_or(usize::MAX);
            let most = most.min(buffer.len());
            return file.read_at(&mut buffer[..most], position);
        }
        let position = usize::try_from(position - self.filed).unwrap_or(usize::MAX);
        let rest = self.memory.get(position..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    // Handlers

    /// # Errors
    ///
    /// The file has no room. Nothing is lost: the bytes are in memory then.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let is_full = self.memory.len() + bytes.len() > IN_MEMORY;
        let moved = if is_full { self.move_to_file() } else { Ok(()) };
        self.memory.extend_from_slice(bytes);
        moved
    }

    fn move_to_file(&mut self) -> io::Result<()> {
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile()?),
        };
        file.write_all_at(&self.memory, self.filed)?;
        self.filed += self.memory.len() as u64;
        self.memory.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(spool: &Spool) -> Vec<u8> {
        let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            match spool.read_at(all.len() as u64, &mut buffer).unwrap() {
                0 => return all,
                count => all.extend_from_slice(&buffer[..count]),
            }
        }
    }

    #[test]
    fn gives_back_what_it_was_given_from_memory_and_file() {
        for count in [0, 1, 255, 256, 257, 1000] {
            let (mut spool, mut expected) = (Spool::default(), Vec::new());
            for n in 0..count {
                let chunk = vec![u8::try_from(n % 251).unwrap(); 4099];
                spool.append(&chunk).unwrap();
                expected.extend(chunk);
            }
            assert_eq!(spool.len(), expected.len() as u64);
            assert!(read_all(&spool) == expected, "{count} chunks");
            assert!(spool.memory.capacity() <= 2 * IN_MEMORY);
        }
    }
}
