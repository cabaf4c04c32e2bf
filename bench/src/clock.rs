//! Calls whose system clock is set while they run, and the clocks that they read.
//!
//! It is seen only in a program whose `clock_gettime` asks [`read`]: `src/bin/clocks.rs`.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::work::Failure;

/// The wait between two tries, about.
pub const PAUSE: Duration = Duration::from_millis(10);
/// The limit of a call whose library limits time.
pub const LIMIT: Duration = Duration::from_millis(100);
/// The limit of the others.
pub const TRIES: u64 = 5;

/// The try during which the clock is set.
const SET_IN: u64 = 2;
/// The try that succeeds, long after any limit.
const ENDLESS: u64 = 60;
const HOUR: i64 = 3_600;

static TRIES_SO_FAR: AtomicU64 = AtomicU64::new(0);
/// By how many seconds the clock is going to be set on, and by how many it has been.
static STEP: AtomicI64 = AtomicI64::new(0);
static AHEAD: AtomicI64 = AtomicI64::new(0);
static SYSTEM_READS: AtomicU64 = AtomicU64::new(0);
static MONOTONIC_READS: AtomicU64 = AtomicU64::new(0);

/// A clock is read; by how many seconds it was set on.
pub fn read(is_system: bool) -> i64 {
    let reads = if is_system { &SYSTEM_READS } else { &MONOTONIC_READS };
    reads.fetch_add(1, Relaxed);
    if is_system { AHEAD.load(Relaxed) } else { 0 }
}

/// Fails, and sets the clock meanwhile.
pub fn target() -> Result<u64, Failure> {
    let tries = TRIES_SO_FAR.fetch_add(1, Relaxed) + 1;
    if tries == SET_IN {
        AHEAD.store(STEP.load(Relaxed), Relaxed);
    }
    if tries < ENDLESS { Err(Failure(tries)) } else { Ok(tries) }
}

/// Describes what `call` does with [`target`] with the clock unset, and with the clock set on and back.
pub fn watch(call: fn()) -> String {
    let (calm, on, back) = (Seen::of(call, 0), Seen::of(call, HOUR), Seen::of(call, -HOUR));
    if calm.end() != End::InTime {
        return format!("gives up after {} tries even where the clock is not set", calm.tries);
    }
    if on.end() == End::InTime && back.end() == End::InTime {
        return match (on.system_reads + back.system_reads, on.monotonic_reads) {
            (0, 0) => "nothing: it reads none",
            (0, _) => "nothing: it reads the monotonic one alone",
            _ => "nothing, though it reads it",
        }
        .to_owned();
    }
    format!("set on an hour: {}; set back an hour: {}", on.end().words(), back.end().words())
}

struct Seen {
    tries: u64,
    system_reads: u64,
    monotonic_reads: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    AtOnce,
    InTime,
    Never,
}

impl Seen {
    fn of(call: fn(), step: i64) -> Self {
        for counter in [&TRIES_SO_FAR, &SYSTEM_READS, &MONOTONIC_READS] {
            counter.store(0, Relaxed);
        }
        STEP.store(step, Relaxed);
        call();
        AHEAD.store(0, Relaxed);
        Self {
            tries: TRIES_SO_FAR.load(Relaxed),
            system_reads: SYSTEM_READS.load(Relaxed),
            monotonic_reads: MONOTONIC_READS.load(Relaxed),
        }
    }

    fn end(&self) -> End {
        match self.tries {
            0..=SET_IN => End::AtOnce,
            ENDLESS.. => End::Never,
            _ => End::InTime,
        }
    }
}

impl End {
    fn words(self) -> &'static str {
        match self {
            Self::AtOnce => "gives up at once",
            Self::InTime => "gives up in time",
            Self::Never => "does not give up any more",
        }
    }
}
