//! Which call a call runs inside of: what an inner call inherits, and a target may ask.
//!
//! A call that is seen sets the scope of its thread while its target runs; an async one sets it
//! for each poll, so that the scope belongs to the task and not to the thread. Reading it is for
//! failures: a call that succeeds at once never asks what is around it.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use rebackoff_core::{Limits, Nested, Seconds};

use crate::Clock;
use crate::sleepers::DefaultSleeper;
use crate::timeline::Timeline;

/// What a call tells the calls inside its try.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// When all of it must end, on `timeline`.
    pub(crate) deadline: Option<Duration>,
    /// The same of what is around the call alone.
    pub(crate) around: Option<Duration>,
    pub(crate) timeline: Timeline,
    /// Its tries, times those of each call around it; 1 where there is none but a deadline.
    pub(crate) amplification: u64,
    /// Whether it is a call or inside one, which an inner call can give way to.
    pub(crate) is_call: bool,
}

thread_local! {
    // Beside the scope itself, because it can be read in two instructions.
    static NOTES: Cell<u8> = const { Cell::new(0) };
    static SCOPE: RefCell<Option<Scope>> = const { RefCell::new(None) };
}

/// There is a scope.
const INSIDE: u8 = 1;
/// The call that ended last gave what stands for a breaker's rejection: nobody was asked.
const REJECTED: u8 = 2;

/// Whether there is anything to know beside the call itself: a call around it, or a rejection inside.
#[inline]
pub(crate) fn has_notes() -> bool {
    NOTES.get() != 0
}

/// Whether the call that ended last was rejected.
#[inline]
pub(crate) fn is_rejected() -> bool {
    NOTES.get() & REJECTED != 0
}

/// Notes whether the last call was rejected, and gives what was noted before.
#[inline]
pub(crate) fn note_rejected(rejected: bool) -> bool {
    let notes = NOTES.get();
    NOTES.set(notes & !REJECTED | if rejected { REJECTED } else { 0 });
    notes & REJECTED != 0
}

impl Scope {
    /// The scope of what runs now, if a call is around it.
    pub(crate) fn current() -> Option<Self> {
        SCOPE.try_with(|scope| scope.borrow().clone()).ok().flatten()
    }

    /// This scope inside `outer`: the deadline that comes first, and the calls of both.
    pub(crate) fn inside(self, outer: &Self) -> Self {
        let now = self.timeline.measured();
        let around = outer.remaining().map(|left| now.saturating_add(left.to_duration()));
        let deadline = match (self.deadline, around) {
            (Some(own), Some(around)) => Some(own.min(around)),
            (own, around) => own.or(around),
        };
        Self {
            deadline,
            around,
            amplification: self.amplification.saturating_mul(outer.amplification),
            is_call: self.is_call || outer.is_call,
            ..self
        }
    }

    /// This scope after waits that a test skipped.
    #[cfg(feature = "testing")]
    pub(crate) fn sooner_by(self, skipped: Duration) -> Self {
        Self { deadline: self.deadline.map(|end| end.saturating_sub(skipped)), ..self }
    }

    /// A deadline `limit` from now, inside what is around.
    pub(crate) fn deadline(limit: Duration, timeline: Timeline) -> Self {
        let deadline = Some(timeline.measured().saturating_add(limit));
        let own = Self { deadline, around: None, timeline, amplification: 1, is_call: false };
        match Self::current() {
            Some(outer) => own.inside(&outer),
            None => own,
        }
    }

    /// The limits of a call inside it, `elapsed` after its first try started.
    pub(crate) fn narrow(&self, limits: Limits, elapsed: Seconds) -> Limits {
        let nested = if self.is_call { limits.nested } else { Nested::Allow };
        Limits { nested, ..limits }.inside(self.remaining(), elapsed)
    }

    /// The time left until the deadline.
    pub(crate) fn remaining(&self) -> Option<Seconds> {
        self.until(self.deadline)
    }

    /// The time left of what is around the call alone.
    pub(crate) fn remaining_around(&self) -> Option<Seconds> {
        self.until(self.around)
    }

    fn until(&self, moment: Option<Duration>) -> Option<Seconds> {
        Some(Seconds::from_duration(moment?.saturating_sub(self.timeline.measured())))
    }

    /// Runs `body` with this as its scope.
    #[inline(never)]
    pub(crate) fn within<O>(self, body: impl FnOnce() -> O) -> O {
        let _entered = Entered { before: replace(Some(self)) };
        body()
    }
}

fn replace(scope: Option<Scope>) -> Option<Scope> {
    NOTES.set(NOTES.get() & !INSIDE | if scope.is_some() { INSIDE } else { 0 });
    SCOPE.try_with(|current| current.replace(scope)).ok().flatten()
}

/// Goes back to the scope before when it is dropped, after a panic too.
struct Entered {
    before: Option<Scope>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        replace(self.before.take());
    }
}

pin_project! {
    /// A future in a scope: while it is polled, `scope` holds.
    pub(crate) struct Scoped<Fut> {
        pub(crate) scope: Option<Scope>,
        #[pin]
        pub(crate) body: Fut,
    }
}

impl<Fut: Future> Future for Scoped<Fut> {
    type Output = Fut::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Fut::Output> {
        let this = self.project();
        match this.scope.clone() {
            Some(scope) => scope.within(|| this.body.poll(context)),
            None => this.body.poll(context),
        }
    }
}

/// The time left for what runs now; `None` outside of any limit.
///
/// It is the least of what is left of everything around, none below zero:
///
/// | of each | is left |
/// |---|---|
/// | call with `max_time` | `max_time` − elapsed |
/// | try with a [`timeout`](crate::Call::timeout) | the timeout − the time since that try began |
/// | [`deadline`] | its limit − the time since it began |
///
/// A try with a timeout is around what it calls and awaits in any case. A call is around its target,
/// and around all that its target calls on the same thread or awaits in the same task, if it has
/// `max_time` or a handler, ends with `.outcome()`, or says [`scope`](crate::Call::scope); any other
/// is not, since success is to cost nothing. Calls inside inherit the deadline by themselves; ask for
/// it where you hand a timeout to something else.
///
/// ```
/// use rebackoff::prelude::*;
/// use rebackoff::testing::VirtualClock;
///
/// static FETCH: Policy = policy!(expo, max_time = secs(5));
///
/// let clock = VirtualClock::new();
/// let left = FETCH
///     .poll(|| {
///         clock.advance(secs(2));
///         rebackoff::remaining()
///     })
///     .sleeper(clock.clone())
///     .call();
/// assert_eq!(left, Some(secs(3)));
/// assert_eq!(rebackoff::remaining(), None);
/// ```
pub fn remaining() -> Option<Duration> {
    Scope::current()?.remaining().map(Seconds::to_duration)
}

/// Runs `body`, in which no retry waits for longer, nor tries again later, than `limit` from now.
///
/// A call that is retried inside gives up as at its own `max_time`. What runs is not interrupted. Of
/// deadlines around each other, the first counts.
///
/// ```
/// use rebackoff::prelude::*;
/// use rebackoff::{deadline, remaining};
/// # let _no_wait = rebackoff::testing::no_wait();
///
/// static FETCH: Policy = policy!(expo);
///
/// let outcome = deadline(millis(1), || {
///     assert!(remaining() <= Some(millis(1)));
///     FETCH.retry(|| Err::<(), _>("down")).outcome()
/// });
/// assert_eq!(outcome.reason, Some(Reason::MaxTime));
/// ```
pub fn deadline<O>(limit: Duration, body: impl FnOnce() -> O) -> O {
    Scope::deadline(limit, Timeline::System).within(body)
}

/// The same for a future: the deadline counts from its first poll, on the clock of the default
/// sleeper, and holds in what it awaits, not in tasks that it spawns.
///
/// ```
/// # #[cfg(feature = "tokio")]
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// use rebackoff::prelude::*;
/// use rebackoff::deadline_async;
///
/// static FETCH: Policy = policy!(expo);
///
/// let fetch = FETCH.retry_async(|| async { Err::<(), _>("down") }).outcome();
/// let outcome = deadline_async(secs(30), fetch).await;
/// assert_eq!(outcome.reason, Some(Reason::MaxTime));
/// # });
/// ```
pub async fn deadline_async<Fut>(limit: Duration, body: Fut) -> Fut::Output
where
    Fut: Future,
    DefaultSleeper: Clock,
{
    let scope = Scope::deadline(limit, DefaultSleeper::default().timeline());
    Scoped { scope: Some(scope), body }.await
}
