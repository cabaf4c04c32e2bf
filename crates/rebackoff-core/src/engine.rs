//! The retry loop's decisions, written once.

use crate::{Draws, Limits, NextWait, Policy, Position, Reason, Seconds, Verdict};

/// The driver's next action after a try.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Return the outcome to the caller, which accepts it.
    Accept,
    /// Wait, then try again.
    Retry {
        /// The wait.
        wait: Seconds,
        /// The number of tries made.
        tries: u64,
    },
    /// Return the outcome to the caller, without another try.
    GiveUp {
        /// The reason.
        reason: Reason,
        /// The number of tries made.
        tries: u64,
    },
}

/// The progress of one call through a policy: a state machine without clock, sleep or randomness.
///
/// A driver makes one engine for each call. It announces each try with
/// [`handle_try`](Self::handle_try), calls the target, and hands the verdict on the outcome to
/// [`handle_outcome`](Self::handle_outcome) together with the time elapsed. Then it does what the
/// [`Step`] says.
///
/// ```
/// use rebackoff_core::{Engine, Policy, Reason, Seconds, Step, Verdict, expo};
///
/// let policy = Policy::new(expo()).max_tries(2).build()?;
/// let mut middle = || 0.5;
///
/// let mut engine = Engine::new();
/// assert_eq!(engine.handle_try(), 1);
/// let step = engine.handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut middle);
/// assert_eq!(step, Step::Retry { wait: Seconds::new(0.5).unwrap(), tries: 1 });
///
/// assert_eq!(engine.handle_try(), 2);
/// let step = engine.handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut middle);
/// assert_eq!(step, Step::GiveUp { reason: Reason::MaxTries, tries: 2 });
/// # Ok::<(), rebackoff_core::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    tries: u64,
    previous: Seconds,
    /// The tries before the call began anew.
    earlier: u64,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// The engine of a call that has made no try.
    #[inline]
    pub const fn new() -> Self {
        Self::resume(0, Seconds::ZERO)
    }

    /// The engine of a call that has made `tries` tries elsewhere, with `raw_wait` as the
    /// [previous](Position::previous) raw wait.
    ///
    /// ```
    /// use rebackoff_core::{Engine, Jitter, Seconds, Step, Verdict, expo, policy};
    ///
    /// let policy = policy!(expo, jitter = Jitter::None);
    /// let mut engine = Engine::resume(3, Seconds::new(4.0).unwrap());
    /// engine.handle_try();
    /// let step = engine.handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut || 0.5);
    /// assert_eq!(step, Step::Retry { wait: Seconds::new(8.0).unwrap(), tries: 4 });
    /// ```
    #[inline]
    pub const fn resume(tries: u64, raw_wait: Seconds) -> Self {
        Self { tries, previous: raw_wait, earlier: 0 }
    }

    // Getters

    /// Returns the number of tries that have begun, since the call last began anew.
    #[inline]
    pub const fn tries(&self) -> u64 {
        self.tries
    }

    /// Returns the number of all tries that have begun.
    #[inline]
    pub const fn total_tries(&self) -> u64 {
        self.earlier.saturating_add(self.tries)
    }

    /// Returns the place in the schedule after the last try that has begun.
    #[inline]
    pub const fn position(&self) -> Position {
        Position { n: self.tries.saturating_sub(1), previous: self.previous }
    }

    // Handlers

    /// Counts a try that begins, and returns its number.
    #[inline]
    pub const fn handle_try(&mut self) -> u64 {
        self.tries = self.tries.saturating_add(1);
        self.tries
    }

    /// Begins the call anew: the current try is the first, and the schedule is at its start. The
    /// driver counts `elapsed` from here.
    #[inline]
    pub const fn handle_reset(&mut self) {
        let current = if self.tries == 0 { 0 } else { 1 };
        self.earlier = self.earlier.saturating_add(self.tries - current);
        self.tries = current;
        self.previous = Seconds::ZERO;
    }

    /// Begins the call anew after a failed try that lasted at least `reset_after`, and returns whether it
    /// did. The driver asks before the verdict, and then counts `elapsed` from the end of that try.
    ///
    /// ```
    /// use rebackoff_core::{Engine, Jitter, Seconds, Step, Verdict, expo, policy, secs};
    ///
    /// let policy = policy!(expo, jitter = Jitter::None, reset_after = secs(60));
    /// let mut engine = Engine::resume(7, Seconds::new(64.0).unwrap());
    /// engine.handle_try();
    /// assert!(engine.handle_long_try(policy.limits(), secs(60).into()));
    /// let step = engine.handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut || 0.5);
    /// assert_eq!(step, Step::Retry { wait: Seconds::new(1.0).unwrap(), tries: 1 });
    /// assert_eq!(engine.total_tries(), 8);
    /// ```
    #[inline]
    pub fn handle_long_try(&mut self, limits: &Limits, lasted: Seconds) -> bool {
        let is_long = limits.reset_after.is_some_and(|least| lasted >= least);
        if is_long {
            self.handle_reset();
        }
        is_long
    }

    /// Decides what follows a try with this `verdict`, which ended `elapsed` after the start of the
    /// first try.
    ///
    /// `elapsed` may be `None` where the policy has no `max_time`: no other limit reads it.
    #[inline]
    pub fn handle_outcome(
        &mut self,
        policy: &Policy,
        verdict: Verdict,
        elapsed: impl Into<Option<Seconds>>,
        draws: &mut impl Draws,
    ) -> Step {
        let elapsed = elapsed.into();
        if let Some(step) = self.handle_verdict(policy.limits(), verdict, elapsed) {
            return step;
        }
        let wait = policy.next_wait(self.position(), draws);
        self.handle_wait(policy.limits(), verdict, elapsed, wait, draws)
    }

    /// Decides without a wait where it can: the first half of
    /// [`handle_outcome`](Self::handle_outcome), for a driver that makes the wait itself.
    ///
    /// After `None` the driver calls [`handle_wait`](Self::handle_wait).
    #[inline]
    pub fn handle_verdict(
        &self,
        limits: &Limits,
        verdict: Verdict,
        elapsed: impl Into<Option<Seconds>>,
    ) -> Option<Step> {
        let elapsed = elapsed.into();
        let reason = match verdict {
            Verdict::Accept => return Some(Step::Accept),
            Verdict::GiveUp => Some(Reason::Giveup),
            Verdict::Stop => Some(Reason::Hint),
            Verdict::Retry => limits.reached(self.tries, elapsed),
            Verdict::RetryAfter(hint) => limits
                .reached(self.tries, elapsed)
                .or_else(|| limits.refuse(hint, elapsed).then_some(Reason::Hint)),
        };
        reason.map(|reason| Step::GiveUp { reason, tries: self.tries })
    }

    /// Decides with the wait that the driver made: the second half of
    /// [`handle_outcome`](Self::handle_outcome).
    ///
    /// `wait` is `None` where the wait strategy has ended. The engine takes a draw for a hint that
    /// is spread, and none otherwise.
    #[inline]
    pub fn handle_wait(
        &mut self,
        limits: &Limits,
        verdict: Verdict,
        elapsed: impl Into<Option<Seconds>>,
        wait: Option<NextWait>,
        draws: &mut impl Draws,
    ) -> Step {
        let tries = self.tries;
        let Some(NextWait { raw, jittered: mut wait }) = wait else {
            return Step::GiveUp { reason: Reason::Exhausted, tries };
        };
        self.previous = raw;
        if let Verdict::RetryAfter(hint) = verdict {
            wait = limits.hints.raise(wait, hint, draws);
        }
        match limits.fit(wait, elapsed.into()) {
            Some(wait) => Step::Retry { wait, tries },
            None => Step::GiveUp { reason: Reason::MaxTime, tries },
        }
    }
}
