//! Layer 1: a loop of the caller's own.

use std::fmt;
use std::time::Duration;

use rebackoff_core::{Policy, Reason, Seconds, Verdict};

use crate::hooks::{Hook, Instead};
use crate::random::CallDraws;
use crate::session::Session;
use crate::wait::Wait;
use crate::{Async, AsyncSleeper, Blocking, Clock, Mode, Sleeper, blocking};

/// The tries of one call, in a loop that the caller writes.
///
/// The loop calls what it likes, borrows what it likes, and hands each error to `backoff`, which
/// waits, or gives the error back when it is time to give up.
///
/// ```
/// use rebackoff::prelude::*;
///
/// static FETCH: Policy = policy!(expo(factor = millis(1)), max_tries = 3);
///
/// fn fetch(log: &mut Vec<String>) -> Result<u8, std::num::ParseIntError> {
///     let mut tries = FETCH.tries();
///     loop {
///         log.push(format!("try {}", tries.tries()));
///         match "x".parse::<u8>() {
///             Ok(number) => return Ok(number),
///             Err(error) => tries.backoff(error)?,
///         }
///     }
/// }
///
/// let mut log = Vec::new();
/// assert!(fetch(&mut log).is_err());
/// assert_eq!(log, ["try 1", "try 2", "try 3"]);
/// ```
pub struct Tries<'p, M: Mode> {
    session: Session<'p, M::Clock>,
}

impl<'p, M: Mode> Tries<'p, M> {
    #[inline]
    pub(crate) fn new(policy: &'p Policy, mode: M) -> Self {
        let mut session = Session::new(policy, mode.into_clock(), CallDraws::UNSEEDED);
        session.handle_start(false);
        Self { session }
    }

    /// The tries so far, with the one that is under way.
    pub fn tries(&self) -> u64 {
        self.session.tries()
    }

    /// The time left of `max_time`; `None` when it is unlimited.
    pub fn remaining(&self) -> Option<Duration> {
        self.session.remaining()
    }

    /// Why the call gave up; `None` before that.
    pub fn reason(&self) -> Option<Reason> {
        self.session.reason()
    }

    /// Waits with `sleeper` in place of the default one, and reads its clock. Call it before the
    /// first try: `max_time` counts from here.
    pub fn sleeper<S: Clock>(self, sleeper: S) -> Tries<'p, M::With<S>>
    where
        M::With<S>: Mode<Clock = S>,
    {
        Tries::new(self.session.policy(), M::with(sleeper))
    }

    fn step<E>(&mut self, error: &E, verdict: Verdict, mut hook: impl Hook<E>) -> Option<Seconds> {
        self.session.handle_failure(error, verdict, &mut hook)
    }
}

impl<S: Sleeper> Tries<'_, Blocking<S>> {
    /// Waits for the next try.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when it is time to give up.
    pub fn backoff<E>(&mut self, error: E) -> Result<(), E> {
        self.backoff_on(Verdict::Retry, error, ())
    }

    /// Waits for the next try, at least as long as `hint`.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when it is time to give up.
    pub fn backoff_after<E>(&mut self, hint: Duration, error: E) -> Result<(), E> {
        self.backoff_on(Verdict::RetryAfter(Seconds::from_duration(hint)), error, ())
    }

    /// Waits for the next try as `policy` says, which this error calls for: its wait strategy and
    /// jitter, at the place in the schedule that the call has come to, and its limits inside those
    /// of the call.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when it is time to give up.
    pub fn backoff_by<E>(&mut self, policy: &Policy, error: E) -> Result<(), E> {
        self.backoff_on(Verdict::Retry, error, Instead(policy))
    }

    fn backoff_on<E>(&mut self, verdict: Verdict, error: E, hook: impl Hook<E>) -> Result<(), E> {
        let Some(wait) = self.step(&error, verdict, hook) else { return Err(error) };
        drop(error);
        blocking::sleep(&self.session.clock, wait);
        Ok(())
    }
}

impl<S: AsyncSleeper> Tries<'_, Async<S>> {
    /// Waits for the next try.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when it is time to give up.
    pub async fn backoff<E>(&mut self, error: E) -> Result<(), E> {
        self.backoff_on(Verdict::Retry, error, ()).await
    }

    /// Waits for the next try, at least as long as `hint`.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when it is time to give up.
    pub async fn backoff_after<E>(&mut self, hint: Duration, error: E) -> Result<(), E> {
        self.backoff_on(Verdict::RetryAfter(Seconds::from_duration(hint)), error, ()).await
    }

    /// Waits for the next try as `policy` says, which this error calls for: its wait strategy and
    /// jitter, at the place in the schedule that the call has come to, and its limits inside those
    /// of the call.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when it is time to give up.
    pub async fn backoff_by<E>(&mut self, policy: &Policy, error: E) -> Result<(), E> {
        self.backoff_on(Verdict::Retry, error, Instead(policy)).await
    }

    async fn backoff_on<E>(
        &mut self,
        verdict: Verdict,
        error: E,
        hook: impl Hook<E>,
    ) -> Result<(), E> {
        let Some(wait) = self.step(&error, verdict, hook) else { return Err(error) };
        drop(error);
        Wait::new(&self.session.clock, wait).await;
        Ok(())
    }
}

impl<M: Mode> fmt::Debug for Tries<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tries")
            .field("tries", &self.tries())
            .field("reason", &self.reason())
            .finish_non_exhaustive()
    }
}
