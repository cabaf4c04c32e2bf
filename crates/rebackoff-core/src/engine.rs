//! The retry loop's decisions, written once.

use crate::{Draws, Limits, Policy, Reason, Seconds, Verdict, Wait};

/// What to do after a try.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Hand the outcome to the caller: it is what the caller wanted.
    Accept,
    /// Wait, then try again.
    Retry {
        /// How long to wait.
        wait: Seconds,
    },
    /// Hand the outcome to the caller: it is the last one.
    GiveUp {
        /// Why.
        reason: Reason,
    },
}

/// One call's progress through a policy: a state machine without clock, sleep or randomness.
///
/// A driver makes one engine for each call, calls the target, hands each outcome's verdict to the
/// engine together with the time elapsed, and does what the [`Step`] says.
///
/// ```
/// use rebackoff_core::{Engine, Policy, Reason, Seconds, Step, Verdict, expo};
///
/// let policy = Policy::new(expo()).max_tries(2).build()?;
/// let mut middle = || 0.5;
///
/// let mut engine = Engine::new();
/// let step = engine.handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut middle);
/// assert_eq!(step, Step::Retry { wait: Seconds::new(0.5).unwrap() });
///
/// let step = engine.handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut middle);
/// assert_eq!(step, Step::GiveUp { reason: Reason::MaxTries });
/// # Ok::<(), rebackoff_core::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    /// The retry that comes next, counted from zero: the n of the wait strategies.
    retry: u64,
    /// The last raw wait, from which the next one may follow.
    previous: Seconds,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// The engine of a call whose first try is about to begin.
    #[inline]
    pub const fn new() -> Self {
        Self { retry: 0, previous: Seconds::ZERO }
    }

    /// The engine of a call that has made `tries` tries already, elsewhere: where `raw_wait` was its
    /// [last raw wait](Self::raw_wait), its next wait is the one that it would have been there.
    ///
    /// ```
    /// use rebackoff_core::{Engine, Jitter, Policy, Seconds, Step, Verdict, expo, policy};
    ///
    /// let policy = policy!(expo, jitter = Jitter::None);
    /// let mut engine = Engine::resume(3, Seconds::new(4.0).unwrap());
    /// let step = engine.handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut || 0.5);
    /// assert_eq!(step, Step::Retry { wait: Seconds::new(8.0).unwrap() });
    /// ```
    #[inline]
    pub const fn resume(tries: u64, raw_wait: Seconds) -> Self {
        Self { retry: tries, previous: raw_wait }
    }

    // Getters

    /// The last raw wait, zero before the first: with [`tries`](Self::tries), all that
    /// [`resume`](Self::resume) needs.
    #[inline]
    pub const fn raw_wait(&self) -> Seconds {
        self.previous
    }

    /// The tries so far, with the one that is about to begin or has just ended.
    #[inline]
    pub const fn tries(&self) -> u64 {
        // A try each nanosecond takes 584 years to come round.
        self.retry.wrapping_add(1)
    }

    // Handlers

    /// Decides what comes after a try that `verdict` was spoken on, `elapsed` after the first
    /// try's start.
    ///
    /// `elapsed` may be zero where the policy has no `max_time`; nothing else reads it.
    #[inline]
    pub fn handle_outcome(
        &mut self,
        policy: &Policy,
        verdict: Verdict,
        elapsed: Seconds,
        draws: &mut impl Draws,
    ) -> Step {
        if let Some(step) = self.handle_verdict(policy.limits(), verdict, elapsed) {
            return step;
        }
        let wait = self.wait_of(policy, draws);
        self.handle_wait(policy.limits(), verdict, elapsed, wait, draws)
    }

    /// The same in two halves, for a wait of the caller's making: the first half gives the step
    /// where it is known without a wait, and `None` where [`handle_wait`](Self::handle_wait) is
    /// to be asked.
    #[inline]
    pub fn handle_verdict(
        &self,
        limits: &Limits,
        verdict: Verdict,
        elapsed: Seconds,
    ) -> Option<Step> {
        let reason = match verdict {
            Verdict::Accept => return Some(Step::Accept),
            Verdict::GiveUp => Some(Reason::Giveup),
            Verdict::Stop => Some(Reason::Hint),
            Verdict::Retry => limits.reached(self.tries(), elapsed),
            Verdict::RetryAfter(hint) => limits
                .reached(self.tries(), elapsed)
                .or_else(|| limits.refuse(hint, elapsed).then_some(Reason::Hint)),
        };
        reason.map(|reason| Step::GiveUp { reason })
    }

    /// The second half: `wait` is the wait after jitter, or `None` when the wait strategy has
    /// ended. A draw is taken for a hint that is spread, and none otherwise.
    #[inline]
    pub fn handle_wait(
        &mut self,
        limits: &Limits,
        verdict: Verdict,
        elapsed: Seconds,
        wait: Option<Seconds>,
        draws: &mut impl Draws,
    ) -> Step {
        let Some(mut wait) = wait else {
            return Step::GiveUp { reason: Reason::Exhausted };
        };
        if let Verdict::RetryAfter(hint) = verdict {
            wait = limits.hints.raise(wait, hint, draws);
        }
        let Some(wait) = limits.fit(wait, elapsed) else {
            return Step::GiveUp { reason: Reason::MaxTime };
        };
        self.retry = self.tries();
        Step::Retry { wait }
    }

    /// The try that comes next, the first or one that a [`Step::Retry`] asked for, is not to be
    /// made: a breaker or a budget refuses it.
    #[inline]
    pub fn handle_refusal(&mut self, reason: Reason) -> Step {
        self.retry = self.retry.wrapping_sub(1);
        Step::GiveUp { reason }
    }

    /// Both halves, for a wait whose making may fail.
    ///
    /// # Errors
    ///
    /// The error of `wait`, untouched; the engine is as before.
    pub fn decide<E>(
        &mut self,
        limits: &Limits,
        verdict: Verdict,
        elapsed: Seconds,
        draws: &mut impl Draws,
        wait: impl FnOnce(&mut Self) -> Result<Option<Seconds>, E>,
    ) -> Result<Step, E> {
        if let Some(step) = self.handle_verdict(limits, verdict, elapsed) {
            return Ok(step);
        }
        let wait = wait(self)?;
        Ok(self.handle_wait(limits, verdict, elapsed, wait, draws))
    }

    /// The wait of `policy` before the next retry, after jitter; `None` when it has ended.
    #[inline]
    pub fn wait_of(&mut self, policy: &Policy, draws: &mut impl Draws) -> Option<Seconds> {
        let raw = self.raw_wait_of(policy.wait(), draws)?;
        Some(policy.spread(raw, draws))
    }

    /// The raw wait of `wait` before the next retry; `None` when it has ended.
    #[inline]
    pub fn raw_wait_of(&mut self, wait: &Wait, draws: &mut impl Draws) -> Option<Seconds> {
        let raw = wait.next(self.retry, self.previous, draws)?;
        self.previous = raw;
        Some(raw)
    }

    /// Goes on with the waits of `wait`, at the place in its schedule that the call has come to,
    /// whichever strategy gave the waits before.
    pub fn continue_with(&mut self, wait: &Wait) {
        let drawn = matches!(wait, Wait::Decorrelated(_));
        if let (false, Some(n)) = (drawn, self.retry.checked_sub(1)) {
            self.previous = wait.raw(n).unwrap_or(self.previous);
        }
    }
}
