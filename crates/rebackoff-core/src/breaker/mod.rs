//! Whether to call at all.

mod answers;
mod builder;
mod display;
mod probes;
mod window;
mod word;

use core::cell::LazyCell;

use answers::Admitted;
pub use answers::{BreakerState, Counts, Health, Open, Permit};
pub use builder::BreakerBuilder;
use builder::Rules;
use probes::{Probe, Probes};
use window::{Span, Window};
use word::{GENERATIONS, MAX_REOPENED, Mode, Word};

use crate::atomic::{AtomicU64, Ordering, Ordering::Relaxed, const_unless_loom, fence};
use crate::wait::power;
use crate::{Draws, Moment, Seconds};

const NANOS_PER_MILLI: u64 = 1_000_000;

/// Whether to call at all, learned from many calls: a circuit breaker.
///
/// Closed, it lets all calls through, and opens when too many fail. Open, it rejects them, so that
/// the target can recover and callers need not wait for a failure, for `open_for`. Then it is
/// half-open: a few probes go through. Enough successes close it, a failure opens it again.
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
///   anew; the order is that of `settle`.
/// - With `failure_rate` or `slow_rate`: when a failed or slow call is counted, and the window then
///   holds `min_calls` (20) or more, of which that share or more is failed or slow. (A success never
///   opens it.)
///
/// A window of time (`window_time`, 10 s) is ten slices that begin at whole multiples of a tenth
/// of it on the clock: the slice of now and the nine before it. A slice counts its first 4194303
/// calls. A window of calls (`window_calls`) is the last so many calls, in the order of `settle`,
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
/// It admits `probes` (1) calls at once, exactly. A permit comes back with `settle`; a hung probe's
/// expires after `probe_timeout` (30 s), and what is heard of it later changes nothing. So does a
/// settled permit's second return, and anything that was admitted before the last change of
/// state. `close_after` successes (as many as `probes`) close it, and a neutral outcome only frees
/// the place. A slow success counts as a failure.
///
/// # Cost
///
/// Nothing takes a lock, and no lock can be held while the target runs. With `consecutive`, a
/// success of a closed breaker that has no failures is a load in `admit`, and one in `settle`, and
/// reads no clock; with rates, `settle` adds to one counter. `now` is the time since any fixed
/// moment on a monotonic clock, the same for all calls, asked for only where it is needed. Times are
/// kept for 139 years.
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
///     let permit = BREAKER.admit(at(0.0))?;
///     BREAKER.settle(permit, Health::Failure, took, at(0.0), &mut draws);
/// }
/// assert_eq!(BREAKER.admit(at(4.0)), Err(Open { retry_in: Seconds::new(6.0) }));
///
/// let probe = BREAKER.admit(at(10.0))?;
/// BREAKER.settle(probe, Health::Success, took, at(10.1), &mut draws);
/// assert_eq!(BREAKER.state(at(10.1)), BreakerState::Closed);
/// # Ok::<(), Open>(())
/// ```
///
/// The states are those of M. Nygard, *Release It!* (2007); the defaults of the rates are
/// Hystrix's.
#[derive(Debug)]
pub struct Breaker {
    rules: Rules,
    word: AtomicU64,
    window: Window,
    probes: Probes,
    rejected: AtomicU64,
    opened: AtomicU64,
    failures: AtomicU64,
}

/// When a closed breaker opens.
#[derive(Clone, Copy, Debug)]
enum Trip {
    Consecutive(u32),
    Rates(Rates),
}

/// A rate that is not asked for is infinite.
#[derive(Clone, Copy, Debug)]
struct Rates {
    failure_rate: f64,
    slow_rate: f64,
    longer_than: Option<Seconds>,
    span: Span,
    min_calls: u32,
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
                word: AtomicU64::new(0),
                window: Window::new(),
                probes: Probes::new(),
                rejected: AtomicU64::new(0),
                opened: AtomicU64::new(0),
                failures: AtomicU64::new(0),
            }
        }
    }

    // Getters

    /// Whether it lets calls through. One that is open reads as half-open once its time is over.
    pub fn state<M: Into<Moment>>(&self, now: impl FnOnce() -> M) -> BreakerState {
        let word = self.load();
        match word.mode() {
            Mode::Closed => BreakerState::Closed,
            Mode::Open if is_before(now().into(), word.payload()) => BreakerState::Open,
            Mode::Open | Mode::HalfOpen => BreakerState::HalfOpen,
            Mode::Isolated => BreakerState::Isolated,
        }
    }

    /// Whether [`admit`](Self::admit) would let a call through, without taking or counting
    /// anything.
    ///
    /// # Errors
    ///
    /// It would not.
    #[inline]
    pub fn check<M: Into<Moment>>(&self, now: impl FnOnce() -> M) -> Result<(), Open> {
        let word = self.load();
        if word.mode() == Mode::Closed || self.rules.metrics_only {
            return Ok(());
        }
        self.check_unless_closed(word, now().into())
    }

    /// What it has counted since it was last closed, as far as it is in the window; nothing, unless
    /// it is closed.
    pub fn counts<M: Into<Moment>>(&self, now: impl FnOnce() -> M) -> Counts {
        let word = self.load();
        if word.mode() != Mode::Closed {
            return Counts::default();
        }
        match self.rules.trip {
            Trip::Consecutive(_) => {
                Counts { calls: word.payload(), failures: word.payload(), slow: 0 }
            }
            Trip::Rates(Rates { span, .. }) => {
                self.window.counts(span, period(word.generation()), || now().into().nanos())
            }
        }
    }

    /// How many calls were rejected; metrics-only, how many would have been.
    pub fn rejected(&self) -> u64 {
        self.rejected.load(Relaxed)
    }

    /// How often it opened, by itself or by [`force_open`](Self::force_open).
    pub fn opened(&self) -> u64 {
        self.opened.load(Relaxed)
    }

    /// How many failures were settled that it took notice of.
    pub fn failures(&self) -> u64 {
        self.failures.load(Relaxed)
    }

    /// Whether it asks how long calls took.
    pub const fn is_timed(&self) -> bool {
        matches!(self.rules.trip, Trip::Rates(Rates { longer_than: Some(_), .. }))
    }

    /// Whether it rejects nothing and only counts.
    pub const fn is_metrics_only(&self) -> bool {
        self.rules.metrics_only
    }

    // Handlers

    /// Asks for a call. The permit is for [`settle`](Self::settle), however the call ends.
    ///
    /// # Errors
    ///
    /// The target is not to be called.
    #[inline(always)]
    #[allow(
        clippy::inline_always,
        reason = "a driver has one such place, and a closed breaker is to cost a load"
    )]
    pub fn admit<M: Into<Moment>>(&self, now: impl FnOnce() -> M) -> Result<Permit, Open> {
        let word = self.load();
        if word.mode() == Mode::Closed {
            return Ok(Permit(Admitted::Closed(word.generation())));
        }
        self.admit_unless_closed(word, now().into())
    }

    /// Tells how an admitted call went. `took` is asked only where slow calls count; a draw is
    /// taken only where it opens and has a jitter.
    #[inline(always)]
    #[allow(
        clippy::inline_always,
        reason = "a driver has one such place, and a success is to cost a load"
    )]
    pub fn settle<M: Into<Moment>>(
        &self,
        permit: Permit,
        health: Health,
        took: impl FnOnce() -> Seconds,
        now: impl FnOnce() -> M,
        draws: &mut impl Draws,
    ) {
        let now = || now().into();
        let generation = match permit.0 {
            Admitted::Closed(generation) => generation,
            Admitted::Probe(probe) => return self.settle_probe(probe, health, took, now, draws),
            Admitted::MetricsOnly => return,
        };
        match (&self.rules.trip, health) {
            (_, Health::Neutral) => {}
            (Trip::Consecutive(_), Health::Success) => self.end_failures(generation),
            (Trip::Consecutive(most), Health::Failure) => {
                self.count_failure(generation, *most, now, draws);
            }
            (Trip::Rates(rates), _) => self.count_call(rates, generation, health, took, now, draws),
        }
    }

    /// Opens it now for `open_for`, without growth and jitter, whatever state it is in.
    pub fn force_open<M: Into<Moment>>(&self, now: impl FnOnce() -> M) {
        let until = until(now().into(), self.rules.open_for);
        self.change(|old| Some(old.next(Mode::Open, 0, until)));
    }

    /// Rejects every call until [`reset`](Self::reset) or [`force_open`](Self::force_open).
    pub fn isolate(&self) {
        self.change(|old| Some(old.next(Mode::Isolated, 0, 0)));
    }

    /// Closes it, whatever state it is in, with nothing counted.
    pub fn reset(&self) {
        self.change(|old| Some(old.next(Mode::Closed, 0, 0)));
    }

    // Helpers

    #[inline]
    fn load(&self) -> Word {
        Word(self.word.load(Ordering::Acquire))
    }

    /// Puts the word that `next` says in place of the one that is there, unless it says `None`.
    ///
    /// A new generation's window begins before anybody can count into it.
    fn change(&self, next: impl Fn(Word) -> Option<Word>) -> bool {
        let mut old = self.load();
        while let Some(new) = next(old) {
            if new.generation() != old.generation() {
                if let Trip::Rates(_) = self.rules.trip {
                    self.window.begin(period(new.generation()), || self.load() == old);
                }
            }
            match self.word.compare_exchange(old.0, new.0, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => {
                    if new.generation() != old.generation()
                        && new.generation() % (GENERATIONS / 2) == 0
                    {
                        self.probes.forget_all_but(new.generation());
                    }
                    if new.mode() == Mode::Open {
                        self.opened.fetch_add(1, Relaxed);
                    }
                    return true;
                }
                Err(current) => old = Word(current),
            }
        }
        false
    }

    #[cold]
    fn check_unless_closed(&self, word: Word, now: Moment) -> Result<(), Open> {
        match word.mode() {
            Mode::Open if is_before(now, word.payload()) => Err(open_until(word.payload(), now)),
            Mode::HalfOpen => {
                let held = self.probes.first_expiry(
                    self.rules.probes,
                    word.generation(),
                    floor_millis(now),
                );
                held.map_or(Ok(()), |expiry| Err(open_until(expiry, now)))
            }
            Mode::Isolated => Err(Open { retry_in: None }),
            Mode::Closed | Mode::Open => Ok(()),
        }
    }

    #[cold]
    fn admit_unless_closed(&self, word: Word, now: Moment) -> Result<Permit, Open> {
        if word.mode() == Mode::Open && is_before(now, word.payload()) {
            return self.reject(open_until(word.payload(), now));
        }
        self.admit_unless_open(now)
    }

    #[inline(never)]
    fn admit_unless_open(&self, now: Moment) -> Result<Permit, Open> {
        loop {
            let word = self.load();
            let open = match word.mode() {
                Mode::Closed => return Ok(Permit(Admitted::Closed(word.generation()))),
                Mode::Isolated => Open { retry_in: None },
                Mode::Open if is_before(now, word.payload()) => open_until(word.payload(), now),
                Mode::Open => {
                    let half_open = word.next(Mode::HalfOpen, word.reopened(), 0);
                    self.change(|old| (old == word).then_some(half_open));
                    continue;
                }
                Mode::HalfOpen => {
                    let expiry = until(now, self.rules.probe_timeout);
                    let (most, generation) = (self.rules.probes, word.generation());
                    match self.probes.take(most, generation, floor_millis(now), expiry) {
                        // A place that was taken too late keeps nobody out.
                        _ if self.load().generation() != generation => continue,
                        Ok(probe) => return Ok(Permit(Admitted::Probe(probe))),
                        Err(expiry) => open_until(expiry, now),
                    }
                }
            };
            return self.reject(open);
        }
    }

    #[inline]
    fn reject(&self, open: Open) -> Result<Permit, Open> {
        self.rejected.fetch_add(1, Relaxed);
        if self.rules.metrics_only { Ok(Permit(Admitted::MetricsOnly)) } else { Err(open) }
    }

    /// A success ends a row of failures. Without one, it is a load.
    #[inline]
    fn end_failures(&self, generation: u16) {
        let ends = |word: Word| word.payload() != 0 && is_closed(word, generation);
        if ends(self.load()) {
            self.change(|old| ends(old).then(|| old.with_payload(0)));
        }
    }

    #[cold]
    fn count_failure(
        &self,
        generation: u16,
        most: u32,
        now: impl FnOnce() -> Moment,
        draws: &mut impl Draws,
    ) {
        let until = LazyCell::new(|| until(now(), self.open_time(0, draws)));
        let counted = self.change(|old| {
            let failures = old.payload() + 1;
            is_closed(old, generation).then(|| {
                if failures < u64::from(most) {
                    old.with_payload(failures)
                } else {
                    old.next(Mode::Open, 0, *until)
                }
            })
        });
        self.failures.fetch_add(u64::from(counted), Relaxed);
    }

    /// Counts a call into the window, and opens if it was one too many.
    fn count_call(
        &self,
        rates: &Rates,
        generation: u16,
        health: Health,
        took: impl FnOnce() -> Seconds,
        now: impl FnOnce() -> Moment,
        draws: &mut impl Draws,
    ) {
        if !is_closed(self.load(), generation) {
            return;
        }
        let now = LazyCell::new(now);
        let failed = health == Health::Failure;
        let slow = rates.longer_than.is_some_and(|longer_than| took() > longer_than);
        let period = period(generation);
        let Some(slice) = self.window.add(rates.span, period, || now.nanos()) else {
            if self.window.is_used_up(rates.span) {
                self.change(|old| is_closed(old, generation).then(|| old.next(Mode::Closed, 0, 0)));
            }
            return;
        };
        if !failed && !slow {
            return;
        }
        if failed {
            self.failures.fetch_add(1, Relaxed);
            self.window.add_failure(slice);
        }
        if slow {
            self.window.add_slow(slice);
        }
        // Of two that are counted at once, at least one sees both.
        fence(Ordering::SeqCst);
        if rates.are_reached(self.window.counts(rates.span, period, || now.nanos())) {
            let until = LazyCell::new(|| until(*now, self.open_time(0, draws)));
            let open = |old: Word| old.next(Mode::Open, 0, *until);
            self.change(|old| is_closed(old, generation).then(|| open(old)));
        }
    }

    #[cold]
    fn settle_probe(
        &self,
        probe: Probe,
        health: Health,
        took: impl FnOnce() -> Seconds,
        now: impl FnOnce() -> Moment,
        draws: &mut impl Draws,
    ) {
        let now = now();
        if !self.probes.release(probe, floor_millis(now)) || health == Health::Neutral {
            return;
        }
        let generation = probe.generation();
        let is_current =
            |word: Word| word.mode() == Mode::HalfOpen && word.generation() == generation;
        let slow = match &self.rules.trip {
            Trip::Rates(Rates { longer_than: Some(longer_than), .. }) => took() > *longer_than,
            _ => false,
        };
        if health == Health::Failure || slow {
            // Nothing changes how often it re-opened while it is half-open.
            let reopened = self.load().reopened() + 1;
            let until = LazyCell::new(|| until(now, self.open_time(reopened, draws)));
            let reopens = |old: Word| old.next(Mode::Open, reopened, *until);
            let counted = self.change(|old| is_current(old).then(|| reopens(old)));
            self.failures.fetch_add(u64::from(counted && health == Health::Failure), Relaxed);
        } else {
            self.change(|old| {
                let successes = old.payload() + 1;
                is_current(old).then(|| {
                    if successes < u64::from(self.rules.close_after) {
                        old.with_payload(successes)
                    } else {
                        old.next(Mode::Closed, 0, 0)
                    }
                })
            });
        }
    }

    /// How long it stays open, having re-opened so often.
    fn open_time(&self, reopened: u64, draws: &mut impl Draws) -> Seconds {
        let Rules { open_for, growth, max_open_for, jitter, .. } = self.rules;
        let grown = open_for.get() * power(growth, reopened.min(MAX_REOPENED));
        jitter.spread(Seconds::capped(grown, max_open_for), || max_open_for, draws)
    }
}

impl Rates {
    #[allow(clippy::cast_precision_loss, reason = "counts of less than 2⁵²")]
    fn are_reached(&self, counts: Counts) -> bool {
        // A quotient is rounded as the fraction that somebody wrote is; a product is not.
        let share = |count: u64| count as f64 / counts.calls as f64;
        counts.calls >= u64::from(self.min_calls)
            && (share(counts.failures) >= self.failure_rate || share(counts.slow) >= self.slow_rate)
    }
}

#[inline]
fn is_closed(word: Word, generation: u16) -> bool {
    word.mode() == Mode::Closed && word.generation() == generation
}

/// The period of the window that a generation has.
#[allow(clippy::cast_possible_truncation, reason = "they come round")]
const fn period(generation: u16) -> u8 {
    generation as u8
}

fn floor_millis(now: Moment) -> u64 {
    now.nanos() / NANOS_PER_MILLI
}

/// The millisecond at which `span` is over.
fn until(now: Moment, span: Seconds) -> u64 {
    now.nanos().saturating_add(span.to_nanos()).div_ceil(NANOS_PER_MILLI)
}

#[inline]
fn is_before(now: Moment, millis: u64) -> bool {
    now.nanos() < millis * NANOS_PER_MILLI
}

#[inline]
#[allow(clippy::cast_precision_loss, reason = "exact up to 104 days")]
fn open_until(millis: u64, now: Moment) -> Open {
    let left = (millis * NANOS_PER_MILLI).saturating_sub(now.nanos());
    Open { retry_in: Some(Seconds::saturating(left as f64 / 1e9)) }
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
    use crate::secs;
    use window::end_of_numbers;

    const NOW: fn() -> Seconds = || Seconds::ZERO;

    fn fail(breaker: &Breaker) {
        let permit = breaker.admit(NOW).unwrap();
        breaker.settle(permit, Health::Failure, NOW, NOW, &mut || 0.0);
    }

    #[test]
    fn a_window_whose_numbers_are_used_up_begins_anew() {
        let breaker = Breaker::builder().failure_rate(1.0).window_calls(4).build().unwrap();
        breaker.window.skip_to(end_of_numbers(1) - 1);
        fail(&breaker);
        assert_eq!(breaker.counts(NOW), Counts { calls: 4, failures: 1, slow: 0 });
        fail(&breaker);
        assert_eq!(breaker.counts(NOW), Counts::default());
        for _ in 0..4 {
            assert_eq!(breaker.state(NOW), BreakerState::Closed);
            fail(&breaker);
        }
        assert_eq!(breaker.state(NOW), BreakerState::Open);
    }

    #[test]
    fn counts_go_on_through_all_generations_and_round_again() {
        let breaker = Breaker::builder().failure_rate(1.0).min_calls(2).build().unwrap();
        for generation in 0..20_000 {
            fail(&breaker);
            assert_eq!(breaker.counts(NOW).failures, 1, "{generation}");
            breaker.reset();
            assert_eq!(breaker.counts(NOW), Counts::default(), "{generation}");
        }
    }

    #[test]
    fn probes_are_admitted_in_all_generations_and_round_again() {
        let at = |seconds| move || secs(seconds).into();
        let open_for = secs(1);
        let breaker = Breaker::builder().consecutive(1).open_for(open_for).build().unwrap();
        for turn in 0..20_000 {
            fail_at(&breaker, at(turn));
            assert!(breaker.admit(at(turn)).is_err(), "{turn}");
        }
        assert_eq!(breaker.opened(), 20_000);
    }

    fn fail_at(breaker: &Breaker, now: impl Fn() -> Seconds) {
        let permit = breaker.admit(&now).unwrap();
        breaker.settle(permit, Health::Failure, NOW, &now, &mut || 0.0);
    }

    #[test]
    fn a_hung_probe_keeps_no_one_out_however_many_resets_follow() {
        let at = |seconds| move || secs(seconds).into();
        let day = secs(86_400);
        for resets in [1, 8_191, 8_192, 8_193, 16_382, 16_383, 16_384, 16_385, 40_000] {
            let breaker = Breaker::builder().consecutive(1).open_for(secs(1)).probe_timeout(day);
            let breaker = breaker.build().unwrap();
            fail_at(&breaker, at(0));
            let hung = breaker.admit(at(1)).unwrap();
            (0..resets).for_each(|_| breaker.reset());
            fail_at(&breaker, at(2));
            let probe = breaker.admit(at(3));
            breaker.settle(probe.unwrap(), Health::Success, NOW, at(4), &mut || 0.0);
            assert_eq!(breaker.state(at(4)), BreakerState::Closed, "{resets}");
            breaker.settle(hung, Health::Failure, NOW, at(4), &mut || 0.0);
            assert_eq!(breaker.state(at(4)), BreakerState::Closed, "{resets}");
        }
    }

    #[test]
    fn a_probe_that_never_returns_is_forgotten_by_later_generations() {
        let at = |seconds| move || secs(seconds).into();
        let day = secs(86_400);
        let breaker =
            Breaker::builder().consecutive(1).open_for(secs(1)).probe_timeout(day).build().unwrap();
        fail_at(&breaker, at(0));
        let hung = breaker.admit(at(1)).unwrap();
        breaker.force_open(at(1));
        let probe = breaker.admit(at(2)).unwrap();
        breaker.settle(hung, Health::Success, NOW, at(3), &mut || 0.0);
        assert_eq!(breaker.state(at(3)), BreakerState::HalfOpen);
        breaker.settle(probe, Health::Success, NOW, at(3), &mut || 0.0);
        assert_eq!(breaker.state(at(3)), BreakerState::Closed);
    }
}
