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
    /// The call's tries, times those of each enclosing call. Zero where no scope is set.
    pub(crate) amplification: u64,
    /// True if an inner call can give way to a call, false for a deadline alone.
    is_call: bool,
    task: TaskId,
}

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
    amplification: Cell<u64>,
    is_call: Cell<bool>,
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
            amplification: Cell::new(0),
            is_call: Cell::new(true),
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
        Scope {
            deadline: self.deadline.get(),
            amplification: self.amplification.get(),
            is_call: self.is_call.get(),
            task: self.task.get(),
        }
    }

    // By value and inline: behind a reference, a call without enclosing calls would go through memory too.
    #[inline]
    fn set(&self, scope: Scope) {
        self.deadline.set(scope.deadline);
        self.amplification.set(scope.amplification);
        self.is_call.set(scope.is_call);
        self.task.set(scope.task);
    }
}

/// Returns whether a scope is set on this thread, by whichever task.
#[inline]
pub(crate) fn is_set() -> bool {
    CURRENT.with(|current| current.amplification.get() != 0)
}

/// The scope of a call, which is set for as long as this value lives, if the call is `VISIBLE`.
#[must_use = "the scope ends when this value is dropped"]
pub(crate) struct Entered<const VISIBLE: bool> {
    /// `None` where no scope was set before.
    before: Option<Before>,
}

/// The scope that was set before, as far as the call inside changed it.
#[derive(Clone, Copy)]
enum Before {
    /// The deadline of the enclosing call comes first, and stays set.
    SameDeadline { amplification: u64, is_call: bool },
    /// The scope of a call that encloses this one, or of another task.
    Whole { scope: Scope, encloses: bool },
}

impl<const VISIBLE: bool> Entered<VISIBLE> {
    /// No scope is set: the call is not visible.
    pub(crate) const NONE: Self = Self { before: None };

    /// Sets the scope of a call that has no enclosing call, in try number `tries`.
    #[inline]
    pub(crate) fn outermost(
        timeline: Timeline,
        start: Reading,
        limit: Option<Seconds>,
        tries: u64,
    ) -> Self {
        // Without a scope, `is_call` is true.
        CURRENT.with(|current| {
            current.deadline.timeline.set(timeline);
            current.deadline.start.set(start);
            current.deadline.limit.set(limit.unwrap_or(UNLIMITED));
            current.amplification.set(tries);
            current.task.set(task::current());
        });
        Self { before: None }
    }

    /// Sets the scope of a call inside the scope that is set, in try number `tries`.
    #[inline]
    pub(crate) fn inside(deadline: Option<Deadline>, tries: u64) -> Self {
        Self { before: Some(Before::set(deadline, tries)) }
    }

    /// The time left until the first deadline of the enclosing calls.
    pub(crate) fn enclosing_remaining(&self) -> Option<Seconds> {
        match self.before {
            None if VISIBLE => None,
            None | Some(Before::SameDeadline { .. }) => Scope::current()?.remaining(),
            Some(Before::Whole { scope, encloses }) => encloses.then(|| scope.remaining())?,
        }
    }
}

/// Puts the scope before back, after a panic too.
impl<const VISIBLE: bool> Drop for Entered<VISIBLE> {
    #[inline]
    fn drop(&mut self) {
        if let Some(before) = self.before {
            before.put_back();
        } else if VISIBLE {
            CURRENT.with(|current| current.amplification.set(0));
        }
    }
}

impl Before {
    #[inline]
    fn set(deadline: Option<Deadline>, tries: u64) -> Self {
        let (own, task) = (Parts::of(deadline), task::current());
        let before = CURRENT.with(Current::get);
        let Scope { amplification: outer, is_call, .. } = before;
        let encloses = outer != 0 && before.task == task;
        let amplification = if encloses { tries.saturating_mul(outer) } else { tries };
        if encloses && own.is_outside(before.deadline) {
            CURRENT.with(|current| {
                current.amplification.set(amplification);
                current.is_call.set(true);
            });
            return Self::SameDeadline { amplification: outer, is_call };
        }
        let scope = Scope { deadline: own, amplification, is_call: true, task };
        CURRENT.with(|current| current.set(scope));
        Self::Whole { scope: before, encloses }
    }

    #[inline]
    fn put_back(self) {
        CURRENT.with(|current| match self {
            Self::SameDeadline { amplification, is_call } => {
                current.amplification.set(amplification);
                current.is_call.set(is_call);
            }
            Self::Whole { scope, .. } => current.set(scope),
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

    /// Sets a deadline inside the scope that is set, which it returns.
    // Apart, so that a try with a timeout is short where no call encloses its own.
    #[cold]
    #[inline(never)]
    fn set_deadline(deadline: Deadline) -> Self {
        let own = Parts::of(Some(deadline));
        let scope = match Self::of_this_task() {
            Some(outer) if own.is_later(outer.deadline) => outer,
            Some(outer) => Self { deadline: own, ..outer },
            None => Self { deadline: own, amplification: 1, is_call: false, task: task::current() },
        };
        CURRENT.with(|current| {
            let before = current.get();
            current.set(scope);
            before
        })
    }

    /// The limits of a call inside this scope, `elapsed` after its first try started.
    pub(crate) fn narrow(&self, limits: Limits, elapsed: Seconds) -> Limits {
        let nested = if self.is_call { limits.nested } else { Nested::Allow };
        Limits { nested, ..limits }.inside(self.remaining(), elapsed)
    }

    /// The time left until the first deadline.
    pub(crate) fn remaining(&self) -> Option<Seconds> {
        self.deadline.deadline().map(|deadline| deadline.remaining())
    }
}

/// A deadline, which is set for as long as this value lives.
#[must_use = "the deadline is put back when this value is dropped"]
pub(crate) struct EnteredDeadline {
    /// `None` where no scope was set before.
    before: Option<Scope>,
}

impl EnteredDeadline {
    #[inline]
    pub(crate) fn new(Deadline { timeline, start, limit }: Deadline) -> Self {
        if is_set() {
            // Put together only here: a deadline that is handed on lies in memory from its beginning.
            let deadline = Deadline { timeline, start, limit };
            return Self { before: Some(Scope::set_deadline(deadline)) };
        }
        CURRENT.with(|current| {
            current.deadline.timeline.set(timeline);
            current.deadline.start.set(start);
            current.deadline.limit.set(limit);
            current.amplification.set(1);
            current.is_call.set(false);
            current.task.set(task::current());
        });
        Self { before: None }
    }
}

/// Puts the scope before back, after a panic too.
impl Drop for EnteredDeadline {
    #[inline]
    fn drop(&mut self) {
        CURRENT.with(|current| {
            if let Some(before) = self.before {
                current.set(before);
            } else {
                current.amplification.set(0);
                current.is_call.set(true);
            }
        });
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
        let _deadline = EnteredDeadline::new(*this.deadline);
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
/// target, on the same thread or in the same task, if it has `max_time`, ends with `.outcome()`, or
/// has [`scope`](crate::engine::Call::scope). No other call does, so that a success costs nothing. Calls
/// inside inherit the deadline by themselves; ask for it to hand a timeout to another library.
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
    Scope::current()?.remaining().map(Seconds::to_duration)
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
    let _deadline = EnteredDeadline::new(Deadline::begin(limit, Timeline::System));
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
