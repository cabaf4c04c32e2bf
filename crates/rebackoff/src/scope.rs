//! The enclosing calls: the deadline and the tries that a call inherits from them.
//!
//! A call that is visible sets the scope of its thread while its target runs; an async call sets it
//! for each poll. On tokio a scope carries the id of the task that set it, and is hidden from every
//! other task: a target may drive a runtime that polls other tasks.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use rebackoff_core::{Limits, Nested, Seconds};

use crate::Clock;
use crate::sleepers::DefaultSleeper;
use crate::task::{self, TaskId};
use crate::timeline::{Deadline, Reading, Timeline};

/// The part of a call that the calls inside its target see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    /// The first deadline, of the call and of the enclosing calls.
    deadline: Parts,
    /// The call's tries, times those of each enclosing call; [`NO_SCOPE`] or [`NO_CALL`] without a call.
    tries: u64,
    task: TaskId,
}

const NO_SCOPE: u64 = 0;

/// A deadline alone, to which no inner call can give way.
const NO_CALL: u64 = u64::MAX;

/// A deadline, or none, in parts of at most two words: a larger one would be copied through memory.
#[derive(Clone, Copy, Debug)]
struct Parts {
    timeline: Timeline,
    start: Reading,
    limit: Option<Seconds>,
}

impl Parts {
    const NONE: Self = Self { timeline: Timeline::System, start: Reading::Since(0), limit: None };

    #[inline]
    const fn of(deadline: Option<Deadline>) -> Self {
        let Some(Deadline { timeline, start, limit }) = deadline else { return Self::NONE };
        Self { timeline, start, limit: Some(limit) }
    }

    #[inline]
    fn deadline(self) -> Option<Deadline> {
        Some(Deadline { timeline: self.timeline, start: self.start, limit: self.limit? })
    }

    fn remaining(self) -> Option<Seconds> {
        self.deadline().map(|deadline| deadline.remaining())
    }

    /// Returns whether the deadline of an enclosing scope comes first.
    #[inline]
    fn is_outside(self, outer: Self) -> bool {
        match (self.limit, outer.limit) {
            (_, None) => false,
            (None, _) => true,
            // An enclosing deadline began earlier.
            (Some(limit), Some(outers)) if limit >= outers && self.has_clock_of(outer) => true,
            _ => self.is_later(outer),
        }
    }

    #[inline]
    fn has_clock_of(self, outer: Self) -> bool {
        self.timeline.is_same(outer.timeline)
    }

    #[inline(never)]
    fn is_later(self, outer: Self) -> bool {
        match (self.deadline(), outer.deadline()) {
            (Some(own), Some(outers)) => outers.is_before(&own),
            _ => false,
        }
    }
}

/// The scope of a thread. Where none is set, a call writes only the parts that it changes.
struct Current {
    deadline: PartsCell,
    tries: Cell<u64>,
    task: Cell<TaskId>,
}

struct PartsCell {
    timeline: Cell<Timeline>,
    start: Cell<Reading>,
    /// [`UNLIMITED`] for none: one word to write.
    limit: Cell<Seconds>,
}

const UNLIMITED: Seconds = Seconds::MAX;

thread_local! {
    static CURRENT: Current = const {
        Current {
            deadline: PartsCell::new(),
            tries: Cell::new(NO_SCOPE),
            task: Cell::new(task::NONE),
        }
    };
}

impl PartsCell {
    const fn new() -> Self {
        let Parts { timeline, start, .. } = Parts::NONE;
        Self { timeline: Cell::new(timeline), start: Cell::new(start), limit: Cell::new(UNLIMITED) }
    }

    #[inline]
    fn get(&self) -> Parts {
        let limit = Some(self.limit.get()).filter(|limit| *limit < UNLIMITED);
        Parts { timeline: self.timeline.get(), start: self.start.get(), limit }
    }

    #[inline]
    fn set(&self, parts: Parts) {
        self.timeline.set(parts.timeline);
        self.start.set(parts.start);
        self.limit.set(parts.limit.unwrap_or(UNLIMITED));
    }
}

impl Current {
    #[inline]
    fn get(&self) -> Scope {
        Scope { deadline: self.deadline.get(), tries: self.tries.get(), task: self.task.get() }
    }

    // By value and inline: behind a reference, a call without enclosing calls would go through memory too.
    #[inline]
    fn set(&self, scope: Scope) {
        self.deadline.set(scope.deadline);
        self.tries.set(scope.tries);
        self.task.set(scope.task);
    }
}

/// Returns whether a scope is set on this thread, by whichever task.
#[inline]
pub(crate) fn is_set() -> bool {
    CURRENT.with(|current| current.tries.get() != NO_SCOPE)
}

/// The scope of a call, which is set for as long as this value lives, if the call is `VISIBLE`.
#[must_use = "the scope ends when this value is dropped"]
pub(crate) struct Entered<const VISIBLE: bool> {
    /// The tries that were set before.
    tries: u64,
    /// `None` where the deadline that was set before stays, or none was.
    replaced: Option<Replaced>,
}

/// The deadline that was set before: of a call that encloses this one, or of another task.
#[derive(Clone, Copy)]
struct Replaced {
    deadline: Parts,
    task: TaskId,
    encloses: bool,
}

impl<const VISIBLE: bool> Entered<VISIBLE> {
    /// No scope is set: the call is not visible.
    pub(crate) const NONE: Self = Self { tries: NO_SCOPE, replaced: None };

    /// Sets the scope of a call that has no enclosing call, in try number `tries`.
    #[inline]
    pub(crate) fn outermost(
        timeline: Timeline,
        start: Reading,
        limit: Option<Seconds>,
        tries: u64,
    ) -> Self {
        CURRENT.with(|current| {
            current.deadline.timeline.set(timeline);
            current.deadline.start.set(start);
            current.deadline.limit.set(limit.unwrap_or(UNLIMITED));
            current.tries.set(tries);
            current.task.set(task::current());
        });
        Self { tries: NO_SCOPE, replaced: None }
    }

    /// Sets the scope of a call inside the scope that is set, in try number `tries`.
    #[inline]
    pub(crate) fn inside(deadline: Option<Deadline>, tries: u64) -> Self {
        let (own, task) = (Parts::of(deadline), task::current());
        let before = CURRENT.with(Current::get);
        let encloses = before.tries != NO_SCOPE && before.task == task;
        let tries = if encloses { before.amplify(tries) } else { tries };
        if encloses && own.is_outside(before.deadline) {
            CURRENT.with(|current| current.tries.set(tries));
            return Self { tries: before.tries, replaced: None };
        }
        Self::replace(before, Scope { deadline: own, tries, task }, encloses)
    }

    /// Sets a deadline that is not the limit of a call.
    #[inline]
    pub(crate) fn deadline(Deadline { timeline, start, limit }: Deadline) -> Self {
        if is_set() {
            // Put together only here: a deadline that is handed on lies in memory from its beginning.
            return Self::deadline_inside(Deadline { timeline, start, limit });
        }
        Self::outermost(timeline, start, Some(limit), NO_CALL)
    }

    /// Sets a deadline inside the scope that is set.
    // Apart, so that a try with a timeout is short where no call encloses its own.
    #[cold]
    #[inline(never)]
    fn deadline_inside(deadline: Deadline) -> Self {
        let (own, task) = (Parts::of(Some(deadline)), task::current());
        let before = CURRENT.with(Current::get);
        let encloses = before.task == task;
        if encloses && own.is_later(before.deadline) {
            return Self { tries: before.tries, replaced: None };
        }
        let tries = if encloses { before.tries } else { NO_CALL };
        Self::replace(before, Scope { deadline: own, tries, task }, encloses)
    }

    #[inline]
    fn replace(before: Scope, scope: Scope, encloses: bool) -> Self {
        CURRENT.with(|current| current.set(scope));
        let Scope { deadline, tries, task } = before;
        Self { tries, replaced: Some(Replaced { deadline, task, encloses }) }
    }

    /// The time left until the first deadline of the enclosing calls.
    pub(crate) fn enclosing_remaining(&self) -> Option<Seconds> {
        match self.replaced {
            Some(replaced) => replaced.encloses.then(|| replaced.deadline.remaining())?,
            None if VISIBLE && self.tries == NO_SCOPE => None,
            None => Scope::current()?.deadline.remaining(),
        }
    }
}

/// Puts the scope before back, after a panic too.
impl<const VISIBLE: bool> Drop for Entered<VISIBLE> {
    #[inline]
    fn drop(&mut self) {
        if !VISIBLE {
            return;
        }
        CURRENT.with(|current| {
            if let Some(Replaced { deadline, task, .. }) = self.replaced {
                current.deadline.set(deadline);
                current.task.set(task);
            }
            current.tries.set(self.tries);
        });
    }
}

impl Scope {
    /// The scope of the task that runs, if an enclosing call or deadline has set one.
    #[inline]
    pub(crate) fn current() -> Option<Self> {
        if is_set() { Self::of_this_task() } else { None }
    }

    #[cold]
    #[inline(never)]
    fn of_this_task() -> Option<Self> {
        Some(CURRENT.with(Current::get)).filter(|scope| scope.task == task::current())
    }

    /// The limits of a call inside this scope, `elapsed` after its first try started.
    pub(crate) fn narrow(&self, limits: Limits, elapsed: Seconds) -> Limits {
        let nested = if self.tries == NO_CALL { Nested::Allow } else { limits.nested };
        Limits { nested, ..limits }.inside(self.deadline.remaining(), elapsed)
    }

    /// The `tries` of a call inside this scope, times those of the enclosing calls.
    #[inline]
    pub(crate) fn amplify(&self, tries: u64) -> u64 {
        if self.tries == NO_CALL {
            tries
        } else {
            tries.saturating_mul(self.tries).min(NO_CALL - 1)
        }
    }
}

pin_project! {
    /// A future inside a deadline.
    struct Scoped<Fut> {
        deadline: Deadline,
        #[pin]
        body: Fut,
    }
}

impl<Fut: Future> Future for Scoped<Fut> {
    type Output = Fut::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Fut::Output> {
        let this = self.project();
        let _deadline = Entered::<true>::deadline(*this.deadline);
        this.body.poll(context)
    }
}

/// The time left for the code that runs now; `None` outside of any limit.
///
/// The least of the time left of all enclosing limits, none below zero:
///
/// | limit | time left |
/// |---|---|
/// | call with `max_time` | `max_time` − elapsed |
/// | try with a [`timeout`](crate::engine::Call::timeout) | the timeout − the time since that try began |
/// | [`deadline`] | its limit − the time since it began |
///
/// A try with a timeout always encloses the calls that it makes. A call encloses the calls of its
/// target, on the same thread or in the same task, if it has `max_time` or `reset_after`, ends with
/// `.outcome()`, or has [`scope`](crate::engine::Call::scope). No other call does, so that a success costs
/// nothing. A loop of the caller's own encloses no call: a [`deadline`] of its
/// [`remaining`](crate::engine::Tries::remaining) does. Calls inside inherit the deadline by themselves; ask for
/// it to hand a timeout to another library.
///
/// The scope of a call belongs to its task. On tokio a task that the target drives, but did not
/// write (by `block_on`, for example), does not see it. Other executors give tasks no identity: there
/// a target that drives an executor shows its scope to every task that the executor polls.
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
    Scope::current()?.deadline.remaining().map(Seconds::to_duration)
}

/// Runs `body`, in which no retry waits or begins later than `limit` from now.
///
/// A call that is retried inside gives up as at its own `max_time`. A running try is not interrupted.
/// Of nested deadlines the first counts.
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
    let limit = Seconds::from_duration(limit);
    let _deadline = Entered::<true>::deadline(Deadline::begin(limit, Timeline::System));
    body()
}

/// [`deadline`] for a future. The limit counts from its first poll, on the clock of the default
/// sleeper, and holds in the futures that `body` awaits, not in tasks that it spawns.
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
    let limit = Seconds::from_duration(limit);
    let deadline = Deadline::begin(limit, DefaultSleeper::default().timeline());
    Scoped { deadline, body }.await
}
