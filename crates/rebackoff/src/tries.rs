//! Layer 1: a loop of the caller's own.

use std::borrow::Borrow;
use std::fmt;
use std::time::Duration;

use rebackoff_core::{Breaker, Budget, Cost, Open, Policy, Reason, Seconds, Verdict};

use crate::hooks::{Admitted, Asks, Hook, Instead, Spends, Then};
use crate::random::CallDraws;
use crate::scope;
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
/// # let _no_wait = rebackoff::testing::no_wait();
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
pub struct Tries<'p, M: Mode, H = ()> {
    session: Session<'p, M::Clock>,
    hooks: H,
    stage: Stage,
}

/// How far the try is that the loop makes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It is the first, of which hooks are told with what follows it: only then the type of its errors
    /// is known.
    Untold,
    Trying,
    Succeeded,
}

impl<'p, M: Mode> Tries<'p, M> {
    #[inline]
    pub(crate) fn new(policy: &'p Policy, mode: M) -> Self {
        Self::start(policy, mode, (), false)
    }
}

impl<'p, M: Mode, H> Tries<'p, M, H> {
    #[inline]
    fn start(policy: &'p Policy, mode: M, hooks: H, timed: bool) -> Self {
        let mut session = Session::new(policy, mode.into_clock(), CallDraws::UNSEEDED);
        session.handle_start(timed);
        Self { session, hooks, stage: Stage::Untold }
    }

    /// The tries so far, with the one that is under way.
    pub fn tries(&self) -> u64 {
        self.session.tries()
    }

    /// The time since the first try started; `None` where nothing asked for the clock at the
    /// start: neither `max_time` nor a [`hook`](Self::hook).
    pub fn elapsed(&self) -> Option<Duration> {
        self.session.elapsed()
    }

    /// The time left of `max_time`, or of a call or deadline around the loop; `None` when it is
    /// unlimited.
    pub fn remaining(&self) -> Option<Duration> {
        self.session.remaining()
    }

    /// Why the call gave up; `None` before that.
    pub fn reason(&self) -> Option<Reason> {
        self.session.reason()
    }

    /// Waits with `sleeper` in place of the default one, and reads its clock. Call it first of all:
    /// `max_time` counts from here, and guards go by the clock that they find.
    pub fn sleeper<S: Clock>(self, sleeper: S) -> Tries<'p, M::With<S>, H>
    where
        M::With<S>: Mode<Clock = S>,
    {
        let timed = self.session.elapsed().is_some();
        Tries::start(self.session.policy(), M::with(sleeper), self.hooks, timed)
    }

    /// Tells `hook` of each try, of each backoff, of the give-up and of [`success`](Self::success), and
    /// lets it judge the errors. Call it before the first try: the elapsed time counts from here. Of the
    /// first try it is told with what follows it, the first error or the success.
    ///
    /// ```
    /// use rebackoff::hooks::OnBackoff;
    /// use rebackoff::prelude::*;
    /// # let _no_wait = rebackoff::testing::no_wait();
    ///
    /// static FETCH: Policy = policy!(expo(factor = millis(1)), max_tries = 3);
    ///
    /// let mut waits = 0;
    /// let tell = OnBackoff(|event: &Event<'_, &str>| waits += usize::from(event.wait.is_some()));
    /// let mut tries = FETCH.tries().hook(tell);
    /// while tries.backoff("down").is_ok() {}
    /// assert_eq!(waits, 2);
    /// ```
    pub fn hook<A>(mut self, hook: A) -> Tries<'p, M, Then<H, A>> {
        self.session.handle_start(true);
        Tries { session: self.session, hooks: Then(self.hooks, hook), stage: self.stage }
    }

    /// Pays for retries out of `budget`; a retry that it refuses gives up with
    /// [`Reason::Budget`]. Call it before the first try, after [`breaker`](Self::breaker) where there
    /// is one, so that a loop which asks nobody deposits nothing; and [`success`](Self::success)
    /// after the last.
    pub fn budget<B: Borrow<Budget>, E>(self, budget: B) -> Tries<'p, M, Then<H, Spends<B, E>>> {
        let mut spends = Spends::of(budget);
        spends.start(&self.session.clock);
        Tries { session: self.session, hooks: Then(self.hooks, spends), stage: self.stage }
    }

    /// Asks `breaker` for each try, the first one now, and tells it of each failure; a retry that
    /// it refuses gives up with [`Reason::Breaker`]. Tell it of [`success`](Self::success): a loop
    /// that is dropped without a word says nothing of the target.
    ///
    /// # Errors
    ///
    /// The breaker is open: nobody is to be asked.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    /// use rebackoff::{Breaker, Open, breaker};
    ///
    /// static FETCH: Policy = policy!(expo, max_tries = 3);
    /// static SHOP: Breaker = breaker!(consecutive = 5);
    ///
    /// fn fetch() -> Result<u8, Box<dyn std::error::Error>> {
    ///     let mut tries = FETCH.tries().breaker(&SHOP)?;
    ///     loop {
    ///         match "7".parse::<u8>() {
    ///             Ok(number) => {
    ///                 tries.success();
    ///                 return Ok(number);
    ///             }
    ///             Err(error) => tries.backoff(error)?,
    ///         }
    ///     }
    /// }
    /// assert_eq!(fetch().unwrap(), 7);
    /// SHOP.isolate();
    /// assert!(fetch().unwrap_err().is::<Open>());
    /// ```
    #[allow(clippy::type_complexity, reason = "each hook is one more `Then`")]
    pub fn breaker<B: Borrow<Breaker>, E>(
        self,
        breaker: B,
    ) -> Result<Tries<'p, M, Then<H, Asks<B, E, Admitted>>>, Open> {
        let mut asks = Asks::new(breaker, Admitted);
        if let Err(open) = asks.ask(&self.session.clock) {
            scope::note_rejected(true);
            return Err(open);
        }
        Ok(Tries { session: self.session, hooks: Then(self.hooks, asks), stage: self.stage })
    }

    /// The try succeeded: tells the budget, the breaker and the hooks, once. A call that has given up
    /// is not told of any success.
    pub fn success<E>(&mut self)
    where
        H: Hook<E>,
    {
        if self.stage == Stage::Succeeded || self.reason().is_some() {
            return;
        }
        self.tell_first_try();
        self.stage = Stage::Succeeded;
        self.session.handle_passed(&mut self.hooks);
    }

    fn tell_first_try<E>(&mut self)
    where
        H: Hook<E>,
    {
        if self.stage == Stage::Untold {
            self.stage = Stage::Trying;
            self.session.handle_try(&mut self.hooks);
        }
    }

    /// Begins the next try, now that the wait is over.
    fn retry<E>(&mut self) -> Result<(), E>
    where
        H: Hook<E>,
    {
        self.session.readmit(&mut self.hooks)?;
        self.stage = Stage::Trying;
        self.session.handle_try(&mut self.hooks);
        Ok(())
    }

    /// The wait before the next try, or `None` when the call gives up with `error`.
    fn step<E>(&mut self, error: &E, verdict: Verdict, chosen: Option<&Policy>) -> Option<Seconds>
    where
        H: Hook<E>,
    {
        self.tell_first_try();
        let verdict = self.hooks.judge(error, verdict);
        self.session.settle(error, verdict, &mut self.hooks);
        let mut hooks = Then(Instead(chosen), &mut self.hooks);
        self.session.handle_failure(true, error, verdict, Cost::Retry, &mut hooks)
    }
}

impl<S: Sleeper, H> Tries<'_, Blocking<S>, H> {
    /// Waits for the next try.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when it is time to give up.
    pub fn backoff<E>(&mut self, error: E) -> Result<(), E>
    where
        H: Hook<E>,
    {
        self.backoff_on(Verdict::Retry, None, error)
    }

    /// Waits for the next try, at least as long as `hint`, where there is one.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when it is time to give up.
    pub fn backoff_after<E>(&mut self, hint: impl Into<Option<Duration>>, error: E) -> Result<(), E>
    where
        H: Hook<E>,
    {
        self.backoff_on(hinted(hint.into()), None, error)
    }

    /// Waits for the next try as `policy` says, which this error calls for: its wait strategy and
    /// jitter, at the place in the schedule that the call has come to, and its limits inside those
    /// of the call. Where the call's own policy has no `max_time`, that of `policy` counts from the
    /// first failure that it was chosen for.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when it is time to give up.
    pub fn backoff_by<E>(&mut self, policy: &Policy, error: E) -> Result<(), E>
    where
        H: Hook<E>,
    {
        self.backoff_on(Verdict::Retry, Some(policy), error)
    }

    fn backoff_on<E>(
        &mut self,
        verdict: Verdict,
        chosen: Option<&Policy>,
        error: E,
    ) -> Result<(), E>
    where
        H: Hook<E>,
    {
        let Some(wait) = self.step(&error, verdict, chosen) else { return Err(error) };
        drop(self.hooks.keep(error));
        blocking::sleep(&self.session.clock, wait);
        self.retry()
    }
}

impl<S: AsyncSleeper, H> Tries<'_, Async<S>, H> {
    /// Waits for the next try.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when it is time to give up.
    pub async fn backoff<E>(&mut self, error: E) -> Result<(), E>
    where
        H: Hook<E>,
    {
        self.backoff_on(Verdict::Retry, None, error).await
    }

    /// Waits for the next try, at least as long as `hint`, where there is one.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when it is time to give up.
    pub async fn backoff_after<E>(
        &mut self,
        hint: impl Into<Option<Duration>>,
        error: E,
    ) -> Result<(), E>
    where
        H: Hook<E>,
    {
        self.backoff_on(hinted(hint.into()), None, error).await
    }

    /// Waits for the next try as `policy` says, which this error calls for: its wait strategy and
    /// jitter, at the place in the schedule that the call has come to, and its limits inside those
    /// of the call. Where the call's own policy has no `max_time`, that of `policy` counts from the
    /// first failure that it was chosen for.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when it is time to give up.
    pub async fn backoff_by<E>(&mut self, policy: &Policy, error: E) -> Result<(), E>
    where
        H: Hook<E>,
    {
        self.backoff_on(Verdict::Retry, Some(policy), error).await
    }

    async fn backoff_on<E>(
        &mut self,
        verdict: Verdict,
        chosen: Option<&Policy>,
        error: E,
    ) -> Result<(), E>
    where
        H: Hook<E>,
    {
        // Since this try began, other tasks have run on this thread.
        scope::note_rejected(false);
        let Some(wait) = self.step(&error, verdict, chosen) else { return Err(error) };
        drop(self.hooks.keep(error));
        Wait::new(&self.session.clock, wait).await;
        self.retry()
    }
}

fn hinted(hint: Option<Duration>) -> Verdict {
    match hint {
        Some(hint) => Verdict::RetryAfter(Seconds::from_duration(hint)),
        None => Verdict::Retry,
    }
}

impl<M: Mode, H> fmt::Debug for Tries<'_, M, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tries")
            .field("tries", &self.tries())
            .field("reason", &self.reason())
            .finish_non_exhaustive()
    }
}
