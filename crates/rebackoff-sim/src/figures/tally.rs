//! The counts of one replication, as they come.

use hdrhistogram::Histogram;
use rebackoff_core::Reason;

use super::series::Series;

/// The end of a call that has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failing {
    /// The engine or a guard gave up.
    GaveUp(Reason),
    /// The breaker rejected the call before a try, or a retry after its wait.
    Rejected,
}

impl Failing {
    /// The names of the counts, in the order of [`index`](Self::index).
    pub(crate) const NAMES: [&'static str; 8] =
        ["max_tries", "max_time", "hint", "exhausted", "budget", "breaker", "rejected", "other"];

    fn index(self) -> usize {
        match self {
            Self::GaveUp(Reason::MaxTries) => 0,
            Self::GaveUp(Reason::MaxTime) => 1,
            Self::GaveUp(Reason::Hint) => 2,
            Self::GaveUp(Reason::Exhausted) => 3,
            Self::GaveUp(Reason::Budget) => 4,
            Self::GaveUp(Reason::Breaker) => 5,
            Self::Rejected => 6,
            Self::GaveUp(_) => 7,
        }
    }
}

/// The counts of a server after the warm-up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ServerTally {
    /// Tries that arrived.
    pub(crate) arrived: u64,
    /// Jobs that waited for a worker.
    pub(crate) waited: u64,
    /// Jobs whose work was done.
    pub(crate) served: u64,
    /// Jobs whose work was done after their caller had given up.
    pub(crate) wasted: u64,
    /// Jobs that the full queue rejected.
    pub(crate) rejected: u64,
    pub(crate) most_waiting: u64,
    /// Waiting jobs times the nanoseconds in which they waited, and busy workers times theirs.
    pub(crate) waiting_time: u128,
    pub(crate) busy_time: u128,
    last: u64,
}

impl ServerTally {
    /// Counts the time up to `now` with the number of waiting jobs and busy workers that it had.
    #[inline]
    pub(crate) fn advance(&mut self, now: u64, waiting: u32, busy: u32) {
        let span = now - self.last;
        self.waiting_time += u128::from(span) * u128::from(waiting);
        self.busy_time += u128::from(span) * u128::from(busy);
        self.last = now;
    }
}

/// The counts of one replication: of calls that began after the warm-up, and a series of all.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) calls: u64,
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    pub(crate) failing: [u64; Failing::NAMES.len()],
    pub(crate) tries: u64,
    pub(crate) timeouts: u64,
    /// The durations of the calls that succeeded.
    pub(crate) latency: Histogram<u64>,
    pub(crate) latency_sum: u128,
    pub(crate) servers: Vec<ServerTally>,
    pub(crate) series: Series,
    /// The moment of the last answer.
    pub(crate) last_end: u64,
    /// The calls in flight at the end.
    pub(crate) in_flight: u64,
    pub(crate) refused: u64,
    pub(crate) rejected: u64,
    pub(crate) opened: u64,
    pub(crate) events: u64,
}

impl Tally {
    /// No counts. `None`: the histogram does not take its precision, which is constant.
    pub(crate) fn new(servers: usize, series: Series) -> Option<Self> {
        // Three digits; the histogram grows with the longest duration.
        let latency = Histogram::new(3).ok()?;
        Some(Self {
            calls: 0,
            succeeded: 0,
            failed: 0,
            failing: [0; Failing::NAMES.len()],
            tries: 0,
            timeouts: 0,
            latency,
            latency_sum: 0,
            servers: vec![ServerTally::default(); servers],
            series,
            last_end: 0,
            in_flight: 0,
            refused: 0,
            rejected: 0,
            opened: 0,
            events: 0,
        })
    }

    #[inline]
    pub(crate) fn handle_success(&mut self, took: u64) {
        self.succeeded += 1;
        // A histogram that grows takes every duration.
        let _ = self.latency.record(took);
        self.latency_sum += u128::from(took);
    }

    pub(crate) fn handle_failure(&mut self, failing: Failing) {
        self.failed += 1;
        self.failing[failing.index()] += 1;
    }

    /// Forgets what servers did in the warm-up.
    pub(crate) fn handle_warm(&mut self, now: u64) {
        for server in &mut self.servers {
            *server = ServerTally { last: now, ..ServerTally::default() };
        }
    }
}
