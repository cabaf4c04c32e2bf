//! The records of a process.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use rustix::time::{ClockId, clock_gettime};

/// The bytes of a record.
pub(crate) const RECORD: usize = 24;

/// Nanoseconds of the boot's clock.
pub(crate) fn now() -> u64 {
    let time = clock_gettime(ClockId::Boottime);
    u64::try_from(time.tv_sec).unwrap() * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap()
}

/// An operation that a process has ended, or begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum What {
    Admitted,
    AdmittedAsProbe,
    /// A probe is about to go back.
    Settles,
    /// It went back and changed nothing.
    Settled,
    Changed,
    Opened,
    /// A call is about to deposit into the share.
    Calls,
    Called,
    PermittedByShare,
    PermittedByRate,
    /// The tokens of the quota, in place of the moments.
    Tokens,
}

const ALL: [What; 11] = [
    What::Admitted,
    What::AdmittedAsProbe,
    What::Settles,
    What::Settled,
    What::Changed,
    What::Opened,
    What::Calls,
    What::Called,
    What::PermittedByShare,
    What::PermittedByRate,
    What::Tokens,
];

#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) what: What,
    pub(crate) begin: u64,
    pub(crate) end: u64,
}

/// The records of one process, in their order.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) records: Vec<Record>,
    /// The process was dead by then.
    pub(crate) end: u64,
}

impl Story {
    pub(crate) fn read(path: &Path, end: u64) -> Self {
        let bytes = fs::read(path).unwrap_or_default();
        let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
        let record = |bytes: &[u8]| Record {
            what: ALL[usize::try_from(word(&bytes[..8])).unwrap()],
            begin: word(&bytes[8..16]),
            end: word(&bytes[16..]),
        };
        Self { records: bytes.chunks_exact(RECORD).map(record).collect(), end }
    }
}

/// The file of a process.
pub(crate) struct Writer(File);

impl Writer {
    pub(crate) fn create(path: &Path) -> Self {
        Self(File::create(path).unwrap())
    }

    /// One write, which a kill does not divide.
    pub(crate) fn write(&mut self, what: What, begin: u64, end: u64) {
        let mut bytes = [0; RECORD];
        for (bytes, word) in bytes.chunks_exact_mut(8).zip([what as u64, begin, end]) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        self.0.write_all(&bytes).unwrap();
    }
}
