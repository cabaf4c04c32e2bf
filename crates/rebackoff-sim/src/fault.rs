//! Faults of servers, from when to when.

/// A fault of a server, as written. Times are nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) server: usize,
    pub(crate) effect: Effect,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

/// The effect of a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Every try fails at once.
    Down,
    /// No work goes on; jobs wait.
    Freeze,
    /// Service takes this many times as long.
    Slow(f64),
    /// This share of the workers is left.
    Capacity(f64),
    /// This share of the jobs fails.
    Errors(f64),
    /// An answer takes longer, while no worker is busy with it.
    Latency(u64),
}

/// The faults of a server that hold at the moment, together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ActiveFaults {
    pub(crate) is_down: bool,
    pub(crate) frozen_from: u64,
    pub(crate) frozen_until: u64,
    pub(crate) slowness: f64,
    pub(crate) capacity: f64,
    pub(crate) errors: f64,
    pub(crate) latency: u64,
}

impl Default for ActiveFaults {
    fn default() -> Self {
        Self {
            is_down: false,
            frozen_from: 0,
            frozen_until: 0,
            slowness: 1.0,
            capacity: 1.0,
            errors: 0.0,
            latency: 0,
        }
    }
}

impl ActiveFaults {
    /// The condition of a server at a moment.
    pub(crate) fn at(now: u64, server: usize, faults: &[Fault]) -> Self {
        let hold = faults
            .iter()
            .filter(|fault| fault.server == server && fault.from <= now && now < fault.to);
        hold.fold(Self::default(), Self::with)
    }

    fn with(mut self, fault: &Fault) -> Self {
        match fault.effect {
            Effect::Down => self.is_down = true,
            Effect::Freeze => {
                self.frozen_from = if self.frozen_until == 0 {
                    fault.from
                } else {
                    self.frozen_from.min(fault.from)
                };
                self.frozen_until = self.frozen_until.max(fault.to);
            }
            Effect::Slow(factor) => self.slowness *= factor,
            Effect::Capacity(share) => self.capacity *= share,
            Effect::Errors(share) => self.errors = 1.0 - (1.0 - self.errors) * (1.0 - share),
            Effect::Latency(latency) => self.latency = self.latency.saturating_add(latency),
        }
        self
    }

    /// The moment to which work that would be done now is put off by a freeze.
    #[inline]
    pub(crate) fn put_off(&self, now: u64) -> Option<u64> {
        (now < self.frozen_until).then(|| self.frozen_until + now.saturating_sub(self.frozen_from))
    }
}
