//! The events of one call, with its name and its errors.

use std::borrow::Cow;
use std::fmt::Display;

use rebackoff_core::{Event, EventKind, Events, Reason};
use tracing::Level;

use crate::hooks::Hook;

/// A [`Hook`] that traces the backoffs and the end of a call, in place of the call's own events (feature
/// `tracing`).
///
/// The events have the target `rebackoff` and these fields:
///
/// | field | |
/// |---|---|
/// | `call` | the name |
/// | `error` | the error of the try, by its `Display` ([`Traced`](crate::engine::Traced)) |
/// | `tries`, `elapsed` | the tries so far, and the seconds since the first one began |
/// | `wait` | the seconds until the next try; of a backoff |
/// | `reason` | the [`Reason`]; of a give-up |
///
/// ```
/// use rebackoff::Trace;
/// use rebackoff::prelude::*;
/// use tracing::Level;
/// # let _no_wait = rebackoff::testing::no_wait();
///
/// static FETCH: Policy = policy!(expo, max_tries = 3);
///
/// let trace = Trace::of("fetch").giveup_level(Level::WARN);
/// let answer = FETCH.retry(|| "7".parse::<u8>()).hook(trace).call();
/// assert_eq!(answer, Ok(7));
/// ```
#[derive(Clone, Debug)]
pub struct Trace {
    call: Cow<'static, str>,
    backoff: Level,
    giveup: Level,
}

impl Trace {
    /// Traces a call under this name.
    pub fn of(call: impl Into<Cow<'static, str>>) -> Self {
        Self { call: call.into(), backoff: Level::INFO, giveup: Level::ERROR }
    }

    /// The level of backoffs. Default `INFO`.
    #[must_use]
    pub const fn backoff_level(mut self, level: Level) -> Self {
        self.backoff = level;
        self
    }

    /// The level of give-ups. Default `ERROR`.
    #[must_use]
    pub const fn giveup_level(mut self, level: Level) -> Self {
        self.giveup = level;
        self
    }

    /// This trace as a hook of a loop, which has errors and no outcomes.
    ///
    /// ```
    /// use rebackoff::Trace;
    /// use rebackoff::prelude::*;
    /// # let _no_wait = rebackoff::testing::no_wait();
    ///
    /// static FETCH: Policy = policy!(expo, max_tries = 3);
    ///
    /// let mut tries = FETCH.tries().hook(Trace::of("fetch").in_loop());
    /// while tries.backoff("down").is_ok() {}
    /// ```
    #[must_use]
    pub const fn in_loop(self) -> TraceInLoop {
        TraceInLoop(self)
    }

    /// This trace as a hook of a poll, whose outcome is a value of any type: the events show no error.
    ///
    /// ```
    /// use rebackoff::Trace;
    /// use rebackoff::prelude::*;
    /// # let _no_wait = rebackoff::testing::no_wait();
    ///
    /// static POLL: Policy = policy!(constant, max_tries = 3);
    ///
    /// let mut jobs = 3..;
    /// let poll = POLL.poll(|| jobs.next().unwrap()).until(|job| *job == 4);
    /// assert_eq!(poll.hook(Trace::of("jobs").in_poll()).call(), 4);
    /// ```
    #[must_use]
    pub const fn in_poll(self) -> TraceInPoll {
        TraceInPoll(self)
    }

    fn trace<O>(&self, event: &Event<'_, O>, error: Option<impl Display>) {
        let error = error.map(tracing::field::display);
        let (call, tries) = (&*self.call, event.tries);
        let elapsed = event.elapsed().as_secs_f64();
        let wait = event.wait.map(|wait| wait.as_secs_f64());
        let reason = event.reason.map(Reason::as_str);
        // The level of an event is a part of its static data.
        macro_rules! at {
            ($level:expr, $message:literal) => {
                tracing::event!(
                    target: "rebackoff", $level, call, error, tries, elapsed, wait, reason,
                    $message
                )
            };
        }
        macro_rules! at_level {
            ($level:expr, $message:literal) => {
                match $level {
                    Level::ERROR => at!(Level::ERROR, $message),
                    Level::WARN => at!(Level::WARN, $message),
                    Level::INFO => at!(Level::INFO, $message),
                    Level::DEBUG => at!(Level::DEBUG, $message),
                    Level::TRACE => at!(Level::TRACE, $message),
                }
            };
        }
        match event.kind {
            EventKind::Backoff => at_level!(self.backoff, "backing off"),
            EventKind::Giveup => at_level!(self.giveup, "giving up"),
            EventKind::Try | EventKind::Success => {}
        }
    }
}

const TRACED: Events = Events::BACKOFF.or(Events::GIVEUP);

/// An outcome whose error a [`Trace`] shows: a `Result`, an `Option`, the outcome of the reqwest middleware, or a type
/// of the caller's.
#[diagnostic::on_unimplemented(
    message = "a `Trace` cannot show the error of `{Self}`",
    note = "the error of a `Result` implements `Display`; another outcome implements `rebackoff::engine::Traced`; a loop \
            takes `Trace::of(…).in_loop()`, a poll `Trace::of(…).in_poll()`"
)]
pub trait Traced {
    /// The error, where there is one.
    fn error(&self) -> Option<impl Display>;
}

impl<T, E: Display> Traced for Result<T, E> {
    fn error(&self) -> Option<impl Display> {
        self.as_ref().err()
    }
}

/// An `Option` has no error to show.
impl<T> Traced for Option<T> {
    fn error(&self) -> Option<impl Display> {
        None::<&str>
    }
}

/// A [`Trace`] as a hook of a loop; made by [`Trace::in_loop`].
#[derive(Clone, Debug)]
pub struct TraceInLoop(Trace);

/// A [`Trace`] as a hook of a poll; made by [`Trace::in_poll`].
#[derive(Clone, Debug)]
pub struct TraceInPoll(Trace);

impl<O: Traced> Hook<O> for Trace {
    const EVENTS: Events = TRACED;
    const TRACES: bool = true;

    fn notify(&mut self, event: &Event<'_, O>) {
        self.trace(event, event.outcome.and_then(O::error));
    }
}

impl<O: Traced> Hook<O> for &Trace {
    const EVENTS: Events = TRACED;
    const TRACES: bool = true;

    fn notify(&mut self, event: &Event<'_, O>) {
        self.trace(event, event.outcome.and_then(O::error));
    }
}

impl<E: Display> Hook<E> for TraceInLoop {
    const EVENTS: Events = TRACED;
    const TRACES: bool = true;

    fn notify(&mut self, event: &Event<'_, E>) {
        self.0.trace(event, event.outcome);
    }
}

impl<O> Hook<O> for TraceInPoll {
    const EVENTS: Events = TRACED;
    const TRACES: bool = true;

    fn notify(&mut self, event: &Event<'_, O>) {
        self.0.trace(event, None::<&str>);
    }
}
