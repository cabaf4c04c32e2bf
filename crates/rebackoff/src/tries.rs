//! Layer 1: a loop of the caller's own.

use std::convert::Infallible;
use std::fmt;
use std::ops::ControlFlow;
use std::time::Duration;

use rebackoff_core::{Breaker, Budget, Open, Policy, Reason, Seconds, Verdict};

use crate::backoff::Backoff;
use crate::guards::{
    Asks, ByOutcome, Guarding, GuardsOfCall, Handle, KeptBy, Pays, Rejects, Several,
};
use crate::hooks::{ErrorsOf, Hook, Then};
use crate::loops::{back_off, begin_wait, into_result};
use crate::mode::{Async, Blocking, Mode};
use crate::random::CallDraws;
use crate::session::{FailedTry, Session, Stage};
use crate::source::PolicySource;
use crate::wait::Wait;
use crate::{AsyncSleeper, Clock, Sleeper};

/// The tries of one call, in a loop that the caller writes.
///
/// The loop calls its target, which may borrow, and hands each error to `backoff`. `backoff` waits, or
/// gives the error back when the call gives up.
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
pub struct Tries<P, M: Mode, H = (), G = GuardsOfCall<(), ()>> {
    session: Session<P, M::Sleeper, H, G>,
}

impl<P: AsRef<Policy>, M: Mode, K, B> Tries<P, M, (), GuardsOfCall<K, B>>
where
    GuardsOfCall<K, B>: Guarding,
{
    #[inline]
    pub(crate) fn new<'p, R>(
        source: &'p R,
        mode: M,
    ) -> Result<Self, <GuardsOfCall<K, B> as Guarding>::Rejection>
    where
        R: PolicySource<Policy<'p> = P, Breakers = K, Budgets = B> + ?Sized,
    {
        let (sleeper, _) = mode.into_parts();
        let (policy, guards) = (source.policy(), source.guards());
        let mut session = Session::new(policy, sleeper, CallDraws::UNSEEDED, (), guards, false);
        session.admit()?;
        session.handle_start(false);
        session.guards.handle_try(&session.clock);
        session.stage = Stage::Unreported;
        Ok(Self { session })
    }
}

impl<P: AsRef<Policy>, M: Mode, H, G> Tries<P, M, H, G> {
    /// The tries so far, with the current one, since the call last began anew.
    pub fn tries(&self) -> u64 {
        self.session.tries()
    }

    /// All tries so far, with the current one.
    pub fn total_tries(&self) -> u64 {
        self.session.total_tries()
    }

    /// The time since the first try started, or since the call began anew; `None` where the loop reads no
    /// clock, without `max_time`, `reset_after` and a [`hook`](Self::hook).
    pub fn elapsed(&self) -> Option<Duration> {
        self.session.elapsed()
    }

    /// The time left of `max_time`, or of an enclosing call or deadline; `None` when it is unlimited.
    pub fn remaining(&self) -> Option<Duration> {
        self.session.remaining()
    }

    /// The reason to give up; `None` before that.
    pub fn reason(&self) -> Option<Reason> {
        self.session.reason()
    }

    /// Takes a copy of the policy in place of a reference, so that the loop can be returned and stored.
    ///
    /// ```
    /// use rebackoff::engine::{Blocking, Tries};
    /// use rebackoff::prelude::*;
    /// use rebackoff::sleepers::ThreadSleeper;
    ///
    /// struct Connection { tries: Tries<Policy, Blocking<ThreadSleeper>> }
    ///
    /// let policy = Policy::new(expo()).max_tries(3).build()?; // from a file, for example
    /// let connection = Connection { tries: policy.tries().owned() };
    /// assert_eq!(connection.tries.tries(), 1);
    /// # Ok::<(), PolicyError>(())
    /// ```
    pub fn owned(self) -> Tries<Policy, M, H, G> {
        Tries { session: self.session.owned() }
    }

    /// Waits with `sleeper` in place of the default one, and reads its clock. Call it before the other
    /// setters: `max_time` counts from here, and guards read the clock that they find.
    pub fn sleeper<S: Clock>(self, sleeper: S) -> Tries<P, M::With<S>, H, G>
    where
        M::With<S>: Mode<Sleeper = S>,
    {
        Tries { session: self.session.with_clock(sleeper) }
    }

    /// Reports each try, each backoff, the give-up and [`success`](Self::success) to `hook`, and lets it
    /// judge the errors. Call it before the first try: the elapsed time counts from here. The first try
    /// is reported with the first error or the success.
    ///
    /// ```
    /// use rebackoff::hooks::OnBackoff;
    /// use rebackoff::prelude::*;
    /// # let _no_wait = rebackoff::testing::no_wait();
    ///
    /// static FETCH: Policy = policy!(expo(factor = millis(1)), max_tries = 3);
    ///
    /// let mut waits = 0;
    /// let count = OnBackoff(|event: &Event<'_, &str>| waits += usize::from(event.wait.is_some()));
    /// let mut tries = FETCH.tries().hook(count);
    /// while tries.backoff("down").is_ok() {}
    /// assert_eq!(waits, 2);
    /// ```
    pub fn hook<A>(mut self, hook: A) -> Tries<P, M, Then<H, A>, G> {
        self.session.read_clock();
        Tries { session: self.session.with_hook(hook) }
    }

    /// Reports the success of the current try to the budget, the breaker and the hooks, once. A call
    /// that has given up reports none. `E` is the type of the loop's errors; where nothing else names it, the
    /// caller does: `tries.success::<io::Error>()`.
    pub fn success<E>(&mut self)
    where
        H: Hook<E>,
        G: Guarding,
    {
        if self.session.stage == Stage::Succeeded || self.reason().is_some() {
            return;
        }
        self.report_first_try();
        self.session.stage = Stage::Succeeded;
        self.session.handle_success();
    }

    /// Begins the call anew, for example when a connection turns out well: the current try is try 1, the
    /// waits start over, and the time counts from now. [`total_tries`](Self::total_tries) counts on. With
    /// [`reset_after`](crate::engine::PolicyBuilder::reset_after) the call does so by itself after a long try.
    ///
    /// A loop that has given up goes on with a try that no breaker is asked for.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    /// # let _no_wait = rebackoff::testing::no_wait();
    ///
    /// static RECONNECT: Policy = policy!(expo, max_tries = 3);
    ///
    /// let mut tries = RECONNECT.tries();
    /// for _session in 0..10 {
    ///     tries.reset(); // the server has answered
    ///     assert!(tries.backoff("lost").is_ok());
    /// }
    /// assert_eq!((tries.tries(), tries.total_tries()), (2, 11));
    /// ```
    pub fn reset(&mut self) {
        self.session.handle_reset();
    }

    fn report_first_try<E>(&mut self)
    where
        H: Hook<E>,
    {
        if self.session.stage == Stage::Unreported {
            self.session.report_try();
        }
        self.session.stage = Stage::Trying;
    }

    fn judge<E>(&mut self, error: &E, verdict: Verdict) -> Verdict
    where
        H: Hook<E>,
    {
        self.report_first_try();
        self.session.hooks.judge(error, verdict)
    }
}

type WithBudget<P, M, H, K, B, A, E> =
    Tries<P, M, Then<H, ErrorsOf<E>>, GuardsOfCall<K, Several<B, Pays<A>>>>;
type WithBreaker<P, M, H, K, B, A, E> =
    Tries<P, M, Then<H, ErrorsOf<E>>, GuardsOfCall<Several<K, Asks<A>>, B>>;

impl<P: AsRef<Policy>, M: Mode, H, K, B> Tries<P, M, H, GuardsOfCall<K, B>> {
    /// Pays for retries out of `budget`; a retry that it refuses gives up with
    /// [`Reason::Budget`]. Call it before the first try, after [`breaker`](Self::breaker) where there
    /// is one, so that a rejected loop deposits nothing; and [`success`](Self::success) after the last.
    pub fn budget<A, E>(self, budget: A) -> WithBudget<P, M, H, K, B, A, E>
    where
        A: Handle<Budget>,
    {
        let mut pays = Pays::new(budget);
        let Ok(()) = pays.handle_start(&self.session.clock);
        pays.handle_try(&self.session.clock);
        let session = self.session.map_guards(|guards| guards.and_budget(pays));
        Tries { session: session.with_hook(ErrorsOf::NAMED) }
    }

    /// Asks `breaker` for each try, the first one now, and reports each failure to it; a retry that it
    /// rejects gives up with [`Reason::Breaker`]. Report a success with [`success`](Self::success): a
    /// loop that is dropped without it is neutral for the breaker. The errors of such a loop can be made
    /// of [`Open`], as those of a guarded call, and one that is a rejection is neutral
    /// ([`FromOpen::is_rejection`](crate::FromOpen::is_rejection)).
    ///
    /// # Errors
    ///
    /// The breaker rejects the loop: the target must not be called.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    /// use rebackoff::{Breaker, Open, breaker};
    ///
    /// static FETCH: Policy = policy!(expo, max_tries = 3);
    /// static SHOP: Breaker = breaker!(consecutive = 5);
    ///
    /// fn parse(text: &str) -> Result<u8, Box<dyn std::error::Error>> {
    ///     Ok(text.parse()?)
    /// }
    ///
    /// fn fetch() -> Result<u8, Box<dyn std::error::Error>> {
    ///     let mut tries = FETCH.tries().breaker(&SHOP)?;
    ///     loop {
    ///         match parse("7") {
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
    pub fn breaker<A, E>(self, breaker: A) -> Result<WithBreaker<P, M, H, K, B, A, E>, Open>
    where
        A: Handle<Breaker>,
    {
        let mut asks = Asks::new(breaker, ByOutcome);
        asks.admit(&self.session.clock)?;
        asks.handle_try(&self.session.clock);
        let session = self.session.map_guards(|guards| guards.and_breaker(asks));
        Ok(Tries { session: session.with_hook(ErrorsOf::NAMED) })
    }
}

impl<P: AsRef<Policy>, S: Sleeper, C, H, G> Tries<P, Blocking<S, C>, H, G> {
    /// Waits for the next try.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when the call gives up.
    pub fn backoff<E>(&mut self, error: E) -> Result<(), E>
    where
        H: Hook<E>,
        G: Guarding<Rejection: Rejects<Result<Infallible, E>>>,
    {
        self.backoff_on(Verdict::Retry, None, error)
    }

    /// Waits for the next try, at least as long as `hint`, where there is one.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when the call gives up.
    pub fn backoff_after<E>(&mut self, hint: impl Into<Option<Duration>>, error: E) -> Result<(), E>
    where
        H: Hook<E>,
        G: Guarding<Rejection: Rejects<Result<Infallible, E>>>,
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
    /// `error`, untouched, when the call gives up.
    pub fn backoff_by<E>(&mut self, policy: &Policy, error: E) -> Result<(), E>
    where
        H: Hook<E>,
        G: Guarding<Rejection: Rejects<Result<Infallible, E>>>,
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
        G: Guarding<Rejection: Rejects<Result<Infallible, E>>>,
    {
        let verdict = self.judge(&error, verdict);
        let (is_rejection, error) = is_rejection::<G, E>(error);
        let failure = FailedTry { policy: chosen, ..FailedTry::new(verdict, is_rejection) };
        into_result(back_off(&mut self.session, error, failure))
    }
}

impl<P: AsRef<Policy>, M: Mode, H, G> Tries<P, M, H, G> {
    /// Decides on the next try, without the wait yet: [`Backoff::wait`] shows how long it will be, and
    /// [`Backoff::sleep`] waits. [`backoff`](Self::backoff) does both.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    /// use rebackoff::testing::VirtualClock;
    ///
    /// static RECONNECT: Policy = policy!(expo, jitter = Jitter::None, max_tries = 3);
    ///
    /// fn connect() -> Result<(), &'static str> {
    ///     let mut tries = RECONNECT.tries().sleeper(VirtualClock::new());
    ///     loop {
    ///         let lost = "lost";
    ///         let backoff = tries.begin_backoff(lost)?;
    ///         println!("{lost}: connects again in {:?}", backoff.wait());
    ///         backoff.sleep()?; // `.sleep().await` with `tries_async`
    ///     }
    /// }
    /// assert_eq!(connect(), Err("lost"));
    /// ```
    ///
    /// # Errors
    ///
    /// `error`, untouched, when the call gives up.
    pub fn begin_backoff<E>(&mut self, error: E) -> Result<Backoff<'_, P, M, H, G, E>, E>
    where
        H: Hook<E>,
        G: Guarding<Rejection: Rejects<Result<Infallible, E>>>,
    {
        match self.begin_on(Verdict::Retry, None, error) {
            ControlFlow::Continue(pause) => Ok(Backoff::new(&mut self.session, pause)),
            ControlFlow::Break(error) => Err(error),
        }
    }

    #[inline(always)]
    #[allow(
        clippy::inline_always,
        reason = "the policy that is chosen, if any, is known only where it is"
    )]
    fn begin_on<E>(
        &mut self,
        verdict: Verdict,
        chosen: Option<&Policy>,
        error: E,
    ) -> ControlFlow<E, (Duration, KeptBy<G, E>)>
    where
        H: Hook<E>,
        G: Guarding<Rejection: Rejects<Result<Infallible, E>>>,
    {
        let verdict = self.judge(&error, verdict);
        let (is_rejection, error) = is_rejection::<G, E>(error);
        let failure = FailedTry { policy: chosen, ..FailedTry::new(verdict, is_rejection) };
        begin_wait(&mut self.session, error, failure)
    }
}

/// The body of each async wait: a future inside its future would cost a jump at each poll.
macro_rules! backoff_async {
    ($tries:ident, $verdict:expr, $chosen:expr, $error:ident) => {
        async move {
            let (wait, mut kept) = match $tries.begin_on($verdict, $chosen, $error) {
                ControlFlow::Continue(pause) => pause,
                ControlFlow::Break(error) => return Err(error),
            };
            let wait = $tries.session.skip(wait);
            Wait::new(&$tries.session.clock, wait).await;
            into_result($tries.session.handle_resume::<true, _>(false, &mut kept))
        }
    };
}

#[allow(clippy::manual_async_fn, reason = "the future of an `async fn` keeps each argument twice")]
impl<P: AsRef<Policy>, S: Clock, C, H, G> Tries<P, Async<S, C>, H, G> {
    /// Waits for the next try.
    ///
    /// Dropping the future ends the loop, and gives back what the retry paid. A try that the loop makes all the
    /// same, as after a `select!` that ends the wait early, counts in no limit, and no guard is asked for it.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when the call gives up.
    #[inline]
    pub fn backoff<E>(&mut self, error: E) -> impl Future<Output = Result<(), E>>
    where
        S: AsyncSleeper,
        H: Hook<E>,
        G: Guarding<Rejection: Rejects<Result<Infallible, E>>>,
    {
        backoff_async!(self, Verdict::Retry, None, error)
    }

    /// Waits for the next try, at least as long as `hint`, where there is one.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when the call gives up.
    #[inline]
    pub fn backoff_after<E>(
        &mut self,
        hint: impl Into<Option<Duration>>,
        error: E,
    ) -> impl Future<Output = Result<(), E>>
    where
        S: AsyncSleeper,
        H: Hook<E>,
        G: Guarding<Rejection: Rejects<Result<Infallible, E>>>,
    {
        backoff_async!(self, hinted(hint.into()), None, error)
    }

    /// Waits for the next try as `policy` says, which this error calls for: its wait strategy and
    /// jitter, at the place in the schedule that the call has come to, and its limits inside those
    /// of the call. Where the call's own policy has no `max_time`, that of `policy` counts from the
    /// first failure that it was chosen for.
    ///
    /// # Errors
    ///
    /// `error`, untouched, when the call gives up.
    #[inline]
    pub fn backoff_by<E>(
        &mut self,
        policy: &Policy,
        error: E,
    ) -> impl Future<Output = Result<(), E>>
    where
        S: AsyncSleeper,
        H: Hook<E>,
        G: Guarding<Rejection: Rejects<Result<Infallible, E>>>,
    {
        backoff_async!(self, Verdict::Retry, Some(policy), error)
    }
}

/// Returns whether `error` is a rejection, and the error.
#[inline]
fn is_rejection<G, E>(error: E) -> (bool, E)
where
    G: Guarding<Rejection: Rejects<Result<Infallible, E>>>,
{
    let failed = Err(error);
    let is_rejection = G::Rejection::is_rejection(&failed);
    let Err(error) = failed;
    (is_rejection, error)
}

fn hinted(hint: Option<Duration>) -> Verdict {
    match hint {
        Some(hint) => Verdict::RetryAfter(Seconds::from_duration(hint)),
        None => Verdict::Retry,
    }
}

impl<P: AsRef<Policy>, M: Mode, H, G> fmt::Debug for Tries<P, M, H, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tries")
            .field("tries", &self.tries())
            .field("reason", &self.reason())
            .finish_non_exhaustive()
    }
}
