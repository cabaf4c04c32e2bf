//! A circuit breaker in its plainest form: a state, and a list of calls, for one thread. Times are
//! nanoseconds.

use rebackoff_core::{BreakerState, Health};

const MILLI: u64 = 1_000_000;

#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) trip: Trip,
    pub(crate) open_for: u64,
    pub(crate) growth: u64,
    pub(crate) max_open_for: u64,
    pub(crate) has_jitter: bool,
    pub(crate) probes: usize,
    pub(crate) close_after: u64,
    pub(crate) probe_timeout: u64,
    pub(crate) dry_run: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Trip {
    Consecutive(u64),
    /// Rates are fractions; `None` is one that is not asked for.
    Rates {
        failures: Option<(u64, u64)>,
        slow: Option<(u64, u64)>,
        window: Window,
        least: usize,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum Window {
    Calls(usize),
    Time(u64),
}

#[derive(Clone, Debug)]
struct Call {
    at: u64,
    failed: bool,
    slow: bool,
}

/// The permit of a call: its era, and its probe.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permit {
    era: u64,
    probe: Option<u64>,
    is_counted: bool,
}

#[derive(Debug)]
pub(crate) struct Model {
    options: Options,
    state: BreakerState,
    /// Every change of state begins one.
    era: u64,
    row: u64,
    calls: Vec<Call>,
    until: u64,
    reopened: u32,
    succeeded: u64,
    /// The probes that are out, and until when.
    out: Vec<(u64, u64)>,
    next_probe: u64,
    pub(crate) opened: u64,
    pub(crate) rejected: u64,
    pub(crate) failures: u64,
}

/// The time until the next probe, if it is known.
pub(crate) type Rejection = Option<u64>;

impl Permit {
    pub(crate) fn is_probe(self) -> bool {
        self.probe.is_some()
    }
}

#[allow(dead_code, reason = "each test file uses a part")]
impl Model {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            options,
            state: BreakerState::Closed,
            era: 0,
            row: 0,
            calls: Vec::new(),
            until: 0,
            reopened: 0,
            succeeded: 0,
            out: Vec::new(),
            next_probe: 0,
            opened: 0,
            rejected: 0,
            failures: 0,
        }
    }

    pub(crate) fn state(&self, now: u64) -> BreakerState {
        match self.state {
            BreakerState::Open if now >= self.until => BreakerState::HalfOpen,
            state => state,
        }
    }

    /// The state as the last event left it: open until a call is admitted.
    pub(crate) fn stored(&self) -> BreakerState {
        self.state
    }

    fn enter(&mut self, state: BreakerState) {
        self.state = state;
        self.era += 1;
        self.row = 0;
        self.succeeded = 0;
        self.calls.clear();
        self.out.clear();
    }

    fn open(&mut self, now: u64, time: u64) {
        self.enter(BreakerState::Open);
        self.opened += 1;
        self.until = (now + time).div_ceil(MILLI) * MILLI;
    }

    pub(crate) fn check(&self, now: u64) -> Result<(), Rejection> {
        let out: Vec<_> = self.out.iter().filter(|(_, expiry)| *expiry > now).collect();
        match self.state(now) {
            _ if self.options.dry_run => Ok(()),
            BreakerState::Closed => Ok(()),
            BreakerState::Isolated => Err(None),
            BreakerState::Open => Err(Some(self.until - now)),
            BreakerState::HalfOpen if out.len() < self.options.probes => Ok(()),
            BreakerState::HalfOpen => Err(out.iter().map(|(_, expiry)| expiry - now).min()),
        }
    }

    pub(crate) fn admit(&mut self, now: u64) -> Result<Permit, Rejection> {
        if self.state(now) == BreakerState::HalfOpen && self.state == BreakerState::Open {
            self.enter(BreakerState::HalfOpen);
        }
        let dry_run = std::mem::replace(&mut self.options.dry_run, false);
        let verdict = self.check(now);
        self.options.dry_run = dry_run;
        match verdict {
            Ok(()) => {}
            Err(rejection) => {
                self.rejected += 1;
                let uncounted = Permit { era: self.era, probe: None, is_counted: false };
                return if dry_run { Ok(uncounted) } else { Err(rejection) };
            }
        }
        let probe = (self.state == BreakerState::HalfOpen).then(|| {
            let expiry = (now + self.options.probe_timeout).div_ceil(MILLI) * MILLI;
            self.next_probe += 1;
            self.out.push((self.next_probe, expiry));
            self.next_probe
        });
        Ok(Permit { era: self.era, probe, is_counted: true })
    }

    /// Settles a call with its health, slow or not; `draw` is in sixteenths.
    pub(crate) fn settle(
        &mut self,
        permit: Permit,
        health: Health,
        slow: bool,
        now: u64,
        draw: u64,
    ) {
        if permit.era != self.era || !permit.is_counted {
            return;
        }
        if let Some(probe) = permit.probe {
            let in_time = self.out.iter().any(|(out, expiry)| *out == probe && *expiry > now);
            self.out.retain(|(out, expiry)| *out != probe || *expiry <= now);
            if !in_time {
                return;
            }
        }
        let failed = health == Health::Failure;
        if health != Health::Neutral {
            self.failures += u64::from(failed);
            match permit.probe {
                Some(_) => self.settle_probe(failed || slow, now, draw),
                None => self.settle_call(Call { at: now, failed, slow }, draw),
            }
        }
    }

    fn settle_probe(&mut self, failed: bool, now: u64, draw: u64) {
        if failed {
            self.reopened += 1;
            let grown = self.options.growth.saturating_pow(self.reopened);
            let time = self.options.open_for.saturating_mul(grown).min(self.options.max_open_for);
            self.open(now, self.spread(time, draw));
        } else {
            self.succeeded += 1;
            if self.succeeded == self.options.close_after {
                self.reset();
            }
        }
    }

    fn settle_call(&mut self, call: Call, draw: u64) {
        let (now, matters) = (call.at, call.failed || call.slow);
        let trips = match self.options.trip {
            Trip::Consecutive(most) => {
                self.row = if call.failed { self.row + 1 } else { 0 };
                self.row >= most
            }
            Trip::Rates { .. } => {
                self.calls.push(call);
                matters && self.is_rate_reached(now)
            }
        };
        if trips {
            self.reopened = 0;
            self.open(now, self.spread(self.options.open_for, draw));
        }
    }

    fn is_rate_reached(&self, now: u64) -> bool {
        let Trip::Rates { failures, slow, window, least } = &self.options.trip else {
            return false;
        };
        let window: Vec<_> = match window {
            Window::Time(time) => {
                let first = (now / (time / 10)).saturating_sub(9) * (time / 10);
                self.calls.iter().filter(|call| call.at >= first).collect()
            }
            Window::Calls(calls) => {
                let slice = (calls - 1).div_ceil(9).max(1);
                let first = self.calls.len().saturating_sub(*calls) / slice * slice;
                self.calls.iter().skip(first).collect()
            }
        };
        let is_reached = |rate: &Option<(u64, u64)>, what: fn(&Call) -> bool| {
            let count = window.iter().filter(|call| what(call)).count() as u64;
            rate.is_some_and(|(part, whole)| count * whole >= part * window.len() as u64)
        };
        window.len() >= *least
            && (is_reached(failures, |call| call.failed) || is_reached(slow, |call| call.slow))
    }

    fn spread(&self, time: u64, draw: u64) -> u64 {
        if self.options.has_jitter { time / 16 * draw } else { time }
    }

    pub(crate) fn force_open(&mut self, now: u64) {
        self.reopened = 0;
        self.open(now, self.options.open_for);
    }

    pub(crate) fn isolate(&mut self) {
        self.reopened = 0;
        self.enter(BreakerState::Isolated);
    }

    pub(crate) fn reset(&mut self) {
        self.reopened = 0;
        self.enter(BreakerState::Closed);
    }
}
