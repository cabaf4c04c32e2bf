use std::borrow::Borrow;
use std::time::Duration;

use rebackoff_core::{Policy, Seconds};

use super::Hook;

/// Takes the raw wait from a function of the outcome.
#[derive(Clone, Copy, Debug)]
pub struct WaitFrom<C>(pub C);

impl<O, C: FnMut(&O) -> Option<Duration>> Hook<O> for WaitFrom<C> {
    const TIMED: bool = false;

    #[inline]
    fn raw_wait(&mut self, outcome: &O) -> Option<Option<Seconds>> {
        Some((self.0)(outcome).map(Seconds::from_duration))
    }
}

/// Spreads raw waits with a function.
#[derive(Clone, Copy, Debug)]
pub struct JitterBy<C>(pub C);

impl<O, C: FnMut(Duration) -> Duration> Hook<O> for JitterBy<C> {
    const TIMED: bool = false;

    #[inline]
    fn jitter(&mut self, raw: Seconds) -> Option<Seconds> {
        Some(Seconds::from_duration((self.0)(raw.to_duration())))
    }
}

/// Takes the policy from a function of the error.
#[derive(Clone, Copy, Debug)]
pub struct PolicyFor<C>(pub C);

impl<T, E, P: Borrow<Policy>, C: FnMut(&E) -> P> Hook<Result<T, E>> for PolicyFor<C> {
    // A policy that is picked may have a `max_time`.
    const TIMED: bool = true;

    #[inline]
    fn policy(&mut self, outcome: &Result<T, E>) -> Option<Policy> {
        outcome.as_ref().err().map(|error| *(self.0)(error).borrow())
    }
}

/// Takes the policy that was chosen already, if one was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instead<'a>(pub(crate) Option<&'a Policy>);

impl<O> Hook<O> for Instead<'_> {
    const TIMED: bool = false;

    fn policy(&mut self, _: &O) -> Option<Policy> {
        self.0.copied()
    }
}
