//! Circuit breakers.
//!
//! | state | event | next state |
//! |---|---|---|
//! | closed | a failure: `consecutive` in a row, or a rate is reached | open, for w (k = 0) |
//! | open | `admit_at` after its time | half-open; the call is a probe |
//! | half-open | a probe succeeds: `close_after` in all | closed |
//! | half-open | a probe fails, or is slow | open, for w (k + 1) |
//! | any | `force_open_at` | open, for `open_for` |
//! | any | `isolate` | isolated |
//! | any | `reset` | closed |
//!
//! Every change of state begins a generation. A call that an earlier generation admitted changes nothing.
//! `admission` is the way in, `settling` the way out, `change` the one place where the word changes.

mod admission;
mod builder;
mod change;
mod display;
mod host;
mod lease;
mod permit;
mod probes;
mod rates;
mod settling;
mod state;
mod time;
mod window;
mod word;

pub use builder::BreakerBuilder;
use builder::Rules;
pub use permit::{Open, Permit};
use probes::Probes;
use rates::{Rates, Trip};
pub use state::{BreakerState, CallCounts, Health, StateChange};
use time::period;
use window::Window;
use word::Mode;

use crate::atomic::{AtomicU64, Ordering::Relaxed, const_unless_loom, zeros};
use crate::{HostClock, Moment};

/// A circuit breaker: learns from many calls whether to call the target at all.
///
/// A closed breaker admits all calls, and opens when too many fail. An open breaker rejects all calls
/// for `open_for`: the target can recover, and callers do not wait for a failure. Then the breaker is
/// half-open and admits a few probes. Enough successes close it, a failure opens it again.
///
/// ```text
///          too many failures            open_for is over
/// closed ────────────────────▶ open ────────────────────────▶ half-open
///   ▲                            ▲       a probe failed         │   │
///   │                            └──────────────────────────────┘   │
///   └───────────────────────────────────────────────────────────────┘
///                     close_after probes succeeded
/// ```
///
/// # When it opens
///
/// - After `consecutive` failures in a row (5), if no rate is given. A success in between begins
///   anew; the order is that of `settle_at`.
/// - With `failure_rate` or `slow_rate`: when a failed or slow call is counted, and the window then
///   holds `min_calls` (20) or more, of which that share or more is failed or slow. (A success never
///   opens it.)
///
/// A window of time (`window_time`, 10 s) is ten slices that begin at whole multiples of a tenth
/// of it on the clock: the slice of now and the nine before it. A slice counts its first 4194303
/// calls. A window of calls (`window_calls`) is the last so many calls, in the order of `settle_at`,
/// and those that share a slice of ⌈(`window_calls` − 1) / 9⌉ calls with the first of them: up to
/// 10 calls it is exact, and it is never short.
///
/// # How long it stays open
///
/// w = min(`open_for` · `growth`ᵏ, `max_open_for`), spread by `jitter`, and rounded up so that it
/// ends at a whole millisecond of the clock; k counts how often it re-opened since it was last
/// closed, up to 63.
///
/// # Half-open
///
/// A half-open breaker admits exactly `probes` (1) calls at once. A permit comes back with `settle_at`.
/// The permit of a hung probe expires after `probe_timeout` (30 s). Three returns change nothing: of an
/// expired permit, of a permit for the second time, and of a permit from before the last change of
/// state. `close_after` successes (as many as `probes`) close the breaker. A neutral outcome only frees
/// the place, and a slow success counts as a failure.
///
/// # Cost
///
/// No method takes a lock. With `consecutive`, a success of a closed breaker without failures is one
/// load in `admit_at` and one in `settle_at`, and reads no clock. With rates, `settle_at` adds to one counter.
/// `now` is the time since a fixed moment on a monotonic clock, the same for all calls. A breaker asks
/// for it only where it needs the time. Times are kept for 139 years. The crate `rebackoff` has a clock, and gives
/// each method that ends in `_at` without that ending and without `now`.
///
/// In a `static`, [`breaker!`](crate::breaker!) checks the parameters while compiling; at run time
/// [`Breaker::builder`] gives an error that names the parameter.
///
/// ```
/// use rebackoff_core::{Breaker, BreakerState, Health, Open, Seconds, breaker, secs};
///
/// static BREAKER: Breaker = breaker!(consecutive = 2, open_for = secs(10));
///
/// let at = |seconds| move || Seconds::new(seconds).unwrap();
/// let took = || Seconds::ZERO;
/// let mut draws = || 0.5;
/// for _ in 0..2 {
///     let permit = BREAKER.admit_at(at(0.0))?;
///     BREAKER.settle_at(permit, Health::Failure, took, at(0.0), &mut draws);
/// }
/// assert_eq!(BREAKER.admit_at(at(4.0)), Err(Open { retry_in: Seconds::new(6.0) }));
///
/// let probe = BREAKER.admit_at(at(10.0))?;
/// BREAKER.settle_at(probe, Health::Success, took, at(10.1), &mut draws);
/// assert_eq!(BREAKER.state_at(at(10.1)), BreakerState::Closed);
/// # Ok::<(), Open>(())
/// ```
///
/// The states are those of M. Nygard, *Release It!* (2007); the defaults of the rates are
/// Hystrix's.
// The state comes last: `rebackoff-shared` places it at the beginning of a mapped page.
#[derive(Debug)]
#[repr(C)]
pub struct Breaker {
    rules: Rules,
    host_clock: Option<HostClock>,
    counters: Counters,
    state: State,
}

/// All that the processes of a host share of a breaker. Zeros are a closed breaker.
#[derive(Debug)]
#[repr(C)]
struct State {
    word: AtomicU64,
    window: Window,
    probes: Probes,
    /// Those of all processes; used only where the state is shared.
    counters: Counters,
}

#[derive(Debug)]
#[repr(C)]
struct Counters {
    rejected: AtomicU64,
    opened: AtomicU64,
    failures: AtomicU64,
}

impl Breaker {
    /// Begins a breaker with all defaults.
    pub const fn builder() -> BreakerBuilder {
        BreakerBuilder::new()
    }

    const_unless_loom! {
        fn new(rules: Rules) -> Self {
            Self {
                rules,
                host_clock: None,
                counters: Counters::new(),
                state: State {
                    word: AtomicU64::new(0),
                    window: Window::new(),
                    probes: Probes::new(),
                    counters: Counters::new(),
                },
            }
        }
    }

    /// The moment by which the breaker goes: that of the host's clock where processes share it, else
    /// `now`.
    #[inline]
    pub(crate) fn moment<M: Into<Moment>>(&self, now: impl FnOnce() -> M) -> Moment {
        match &self.host_clock {
            None => now().into(),
            Some(clock) => clock.now(),
        }
    }

    fn count(&self, which: impl Fn(&Counters) -> &AtomicU64) {
        which(&self.counters).fetch_add(1, Relaxed);
        if self.host_clock.is_some() {
            which(&self.state.counters).fetch_add(1, Relaxed);
        }
    }

    // Getters

    /// The state. An open breaker reads as half-open once its time is over.
    pub fn state_at<M: Into<Moment>>(&self, now: impl FnOnce() -> M) -> BreakerState {
        let word = self.load();
        match word.mode() {
            Mode::Closed => BreakerState::Closed,
            Mode::Open if self.is_waiting(word, self.moment(now)) => BreakerState::Open,
            Mode::Open | Mode::HalfOpen => BreakerState::HalfOpen,
            Mode::Isolated => BreakerState::Isolated,
        }
    }

    /// The calls counted since the breaker was last closed, as far as they are in the window; none,
    /// unless it is closed.
    pub fn counts_at<M: Into<Moment>>(&self, now: impl FnOnce() -> M) -> CallCounts {
        let word = self.load();
        if word.mode() != Mode::Closed {
            return CallCounts::default();
        }
        match self.rules.trip {
            Trip::Consecutive(_) => {
                CallCounts { calls: word.payload(), failures: word.payload(), slow: 0 }
            }
            Trip::Rates(Rates { span, .. }) => {
                let now = || self.moment(now).nanos();
                self.state.window.counts(span, period(word.generation()), now)
            }
        }
    }

    /// The number of rejected calls; in a dry run, of calls that it would have rejected.
    pub fn rejected(&self) -> u64 {
        self.counters.rejected.load(Relaxed)
    }

    /// The number of times that the breaker opened, by itself or by [`force_open_at`](Self::force_open_at).
    pub fn opened(&self) -> u64 {
        self.counters.opened.load(Relaxed)
    }

    /// The number of failures that it counted.
    pub fn failures(&self) -> u64 {
        self.counters.failures.load(Relaxed)
    }

    /// Returns whether slow calls count, so that `settle_at` asks how long a call took.
    pub const fn is_timed(&self) -> bool {
        matches!(self.rules.trip, Trip::Rates(Rates { longer_than: Some(_), .. }))
    }

    /// Returns whether the processes of a host share this breaker.
    pub const fn is_of_host(&self) -> bool {
        self.host_clock.is_some()
    }

    /// Returns whether this is a dry run, which rejects no call and only counts.
    pub const fn is_dry_run(&self) -> bool {
        self.rules.dry_run
    }
}

impl Counters {
    const_unless_loom! {
        fn new() -> Self {
            let [rejected, opened, failures] = zeros();
            Self { rejected, opened, failures }
        }
    }
}

/// A [`Breaker`] for a `static`: a wrong parameter does not compile.
///
/// The parameters are the setters of [`BreakerBuilder`](crate::BreakerBuilder), by name.
///
/// ```
/// use rebackoff_core::{Breaker, breaker, millis, secs};
///
/// static PLAIN: Breaker = breaker!();
/// static RATES: Breaker =
///     breaker!(failure_rate = 0.5, slow_rate(0.8, millis(300)), open_for = secs(5));
///
/// assert_eq!(PLAIN.to_string(), "opens after 5 failures in a row, for 30s");
/// assert_eq!(
///     RATES.to_string(),
///     "opens at 50% failures or 80% slower than 300ms in 10s (20 calls or more), for 5s",
/// );
/// ```
///
/// ```compile_fail
/// # use rebackoff_core::{Breaker, breaker};
/// static BREAKER: Breaker = breaker!(consecutive = 0); // consecutive must be at least 1
/// ```
#[macro_export]
macro_rules! breaker {
    ($($setters:tt)*) => {
        const {
            match $crate::__breaker!(($crate::Breaker::builder()) $($setters)*).build() {
                ::core::result::Result::Ok(breaker) => breaker,
                ::core::result::Result::Err(error) => ::core::panic!("{}", error.rule()),
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __breaker {
    (($builder:expr)) => { $builder };
    (($builder:expr) $parameter:ident = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__breaker!(($builder.$parameter($value)) $($($rest)*)?)
    };
    (($builder:expr) $parameter:ident($($value:expr),+ $(,)?) $(, $($rest:tt)*)?) => {
        $crate::__breaker!(($builder.$parameter($($value),+)) $($($rest)*)?)
    };
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::{Seconds, secs};
    use window::end_of_numbers;

    const NOW: fn() -> Seconds = || Seconds::ZERO;
    /// More than a word can number; miri needs minutes for as many.
    const GENERATIONS: u64 = if cfg!(miri) { 200 } else { 20_000 };

    fn fail(breaker: &Breaker) {
        let permit = breaker.admit_at(NOW).unwrap();
        breaker.settle_at(permit, Health::Failure, NOW, NOW, &mut || 0.0);
    }

    #[test]
    fn a_window_whose_numbers_are_used_up_begins_anew() {
        let breaker = Breaker::builder().failure_rate(1.0).window_calls(4).build().unwrap();
        breaker.state.window.skip_to(end_of_numbers(1) - 1);
        fail(&breaker);
        assert_eq!(breaker.counts_at(NOW), CallCounts { calls: 4, failures: 1, slow: 0 });
        fail(&breaker);
        assert_eq!(breaker.counts_at(NOW), CallCounts::default());
        for _ in 0..4 {
            assert_eq!(breaker.state_at(NOW), BreakerState::Closed);
            fail(&breaker);
        }
        assert_eq!(breaker.state_at(NOW), BreakerState::Open);
    }

    #[test]
    fn counts_go_on_through_all_generations_and_round_again() {
        let breaker = Breaker::builder().failure_rate(1.0).min_calls(2).build().unwrap();
        for generation in 0..GENERATIONS {
            fail(&breaker);
            assert_eq!(breaker.counts_at(NOW).failures, 1, "{generation}");
            breaker.reset();
            assert_eq!(breaker.counts_at(NOW), CallCounts::default(), "{generation}");
        }
    }

    #[test]
    fn probes_are_admitted_in_all_generations_and_round_again() {
        let at = |seconds| move || secs(seconds).into();
        let open_for = secs(1);
        let breaker = Breaker::builder().consecutive(1).open_for(open_for).build().unwrap();
        for turn in 0..GENERATIONS {
            fail_at(&breaker, at(turn));
            assert!(breaker.admit_at(at(turn)).is_err(), "{turn}");
        }
        assert_eq!(breaker.opened(), GENERATIONS);
    }

    fn fail_at(breaker: &Breaker, now: impl Fn() -> Seconds) {
        let permit = breaker.admit_at(&now).unwrap();
        breaker.settle_at(permit, Health::Failure, NOW, &now, &mut || 0.0);
    }

    #[test]
    fn a_hung_probe_keeps_no_one_out_however_many_resets_follow() {
        let at = |seconds| move || secs(seconds).into();
        let day = secs(86_400);
        let all = [1, 8_193, 8_191, 8_192, 16_382, 16_383, 16_384, 16_385, 40_000];
        // Miri needs a minute for as many.
        let resets = if cfg!(miri) { &all[..2] } else { &all[..] };
        for &resets in resets {
            let breaker = Breaker::builder().consecutive(1).open_for(secs(1)).probe_timeout(day);
            let breaker = breaker.build().unwrap();
            fail_at(&breaker, at(0));
            let hung = breaker.admit_at(at(1)).unwrap();
            (0..resets).for_each(|_| {
                breaker.reset();
            });
            fail_at(&breaker, at(2));
            let probe = breaker.admit_at(at(3));
            breaker.settle_at(probe.unwrap(), Health::Success, NOW, at(4), &mut || 0.0);
            assert_eq!(breaker.state_at(at(4)), BreakerState::Closed, "{resets}");
            breaker.settle_at(hung, Health::Failure, NOW, at(4), &mut || 0.0);
            assert_eq!(breaker.state_at(at(4)), BreakerState::Closed, "{resets}");
        }
    }

    #[test]
    fn a_probe_that_never_returns_is_forgotten_by_later_generations() {
        let at = |seconds| move || secs(seconds).into();
        let day = secs(86_400);
        let breaker =
            Breaker::builder().consecutive(1).open_for(secs(1)).probe_timeout(day).build().unwrap();
        fail_at(&breaker, at(0));
        let hung = breaker.admit_at(at(1)).unwrap();
        breaker.force_open_at(at(1));
        let probe = breaker.admit_at(at(2)).unwrap();
        breaker.settle_at(hung, Health::Success, NOW, at(3), &mut || 0.0);
        assert_eq!(breaker.state_at(at(3)), BreakerState::HalfOpen);
        breaker.settle_at(probe, Health::Success, NOW, at(3), &mut || 0.0);
        assert_eq!(breaker.state_at(at(3)), BreakerState::Closed);
    }
}
