//! Time series: counts in bins of one width.

/// The counts of one bin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bin {
    /// Calls that began.
    pub(crate) calls: u64,
    /// Tries that began.
    pub(crate) tries: u64,
    /// Calls that succeeded.
    pub(crate) succeeded: u64,
    /// Calls that failed.
    pub(crate) failed: u64,
    /// The durations of the calls that succeeded, together, in nanoseconds.
    pub(crate) latency: u64,
    /// The most jobs that waited at one server.
    pub(crate) queue: u64,
    /// Retries that a budget refused, and calls and retries that a breaker rejected.
    pub(crate) refused: u64,
    /// The most breakers that were open.
    pub(crate) open: u64,
}

impl Bin {
    /// The counts of both bins together.
    pub(crate) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.tries += other.tries;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.latency = self.latency.saturating_add(other.latency);
        self.queue += other.queue;
        self.refused += other.refused;
        self.open += other.open;
    }
}

/// The bins of a replication.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) bins: Vec<Bin>,
    width: u64,
    current: usize,
    /// The end of the current bin.
    end: u64,
}

impl Series {
    /// Bins of this width up to this moment.
    pub(crate) fn new(width: u64, until: u64) -> Self {
        let width = width.max(1);
        let count = usize::try_from(until.div_ceil(width)).unwrap_or(1).max(1);
        Self { bins: vec![Bin::default(); count], width, current: 0, end: width }
    }

    /// The bin of the moment `now`, which never goes back. What comes after the last bin counts in it.
    #[inline]
    pub(crate) fn at(&mut self, now: u64) -> &mut Bin {
        if now >= self.end {
            self.advance(now);
        }
        &mut self.bins[self.current]
    }

    #[cold]
    fn advance(&mut self, now: u64) {
        let bin = now / self.width;
        self.current = usize::try_from(bin).unwrap_or(usize::MAX).min(self.bins.len() - 1);
        self.end = (bin + 1).saturating_mul(self.width);
    }
}
