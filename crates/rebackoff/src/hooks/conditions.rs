use std::time::Duration;

use rebackoff_core::{Events, Seconds, Verdict};

use super::Hook;

/// Accepts `Ok`, retries on `Err`.
#[derive(Clone, Copy, Debug)]
pub struct OnError;

impl<T, E> Hook<Result<T, E>> for OnError {
    const EVENTS: Events = Events::NONE;

    #[inline]
    fn judge(&mut self, outcome: &Result<T, E>, _: Verdict) -> Verdict {
        match outcome {
            Ok(_) => Verdict::Accept,
            Err(_) => Verdict::Retry,
        }
    }
}

/// Retries only on errors that the function is true for.
#[derive(Clone, Copy, Debug)]
pub struct When<C>(pub C);

impl<T, E, C: FnMut(&E) -> bool> Hook<Result<T, E>> for When<C> {
    const EVENTS: Events = Events::NONE;

    #[inline]
    fn judge(&mut self, outcome: &Result<T, E>, verdict: Verdict) -> Verdict {
        match outcome {
            Err(error) if verdict.wants_retry() && !(self.0)(error) => Verdict::GiveUp,
            _ => verdict,
        }
    }
}

/// Gives up on errors that the function is true for.
#[derive(Clone, Copy, Debug)]
pub struct Giveup<C>(pub C);

impl<T, E, C: FnMut(&E) -> bool> Hook<Result<T, E>> for Giveup<C> {
    const EVENTS: Events = Events::NONE;

    #[inline]
    fn judge(&mut self, outcome: &Result<T, E>, verdict: Verdict) -> Verdict {
        match outcome {
            Err(error) if verdict.wants_retry() && (self.0)(error) => Verdict::GiveUp,
            _ => verdict,
        }
    }
}

/// Waits at least as long as the function returns for an error.
#[derive(Clone, Copy, Debug)]
pub struct HintFrom<C>(pub C);

impl<T, E, C: FnMut(&E) -> Option<Duration>> Hook<Result<T, E>> for HintFrom<C> {
    const EVENTS: Events = Events::NONE;

    #[inline]
    fn judge(&mut self, outcome: &Result<T, E>, verdict: Verdict) -> Verdict {
        let Err(error) = outcome else { return verdict };
        let before = match verdict {
            Verdict::Retry => Seconds::ZERO,
            Verdict::RetryAfter(hint) => hint,
            _ => return verdict,
        };
        match (self.0)(error) {
            Some(hint) => Verdict::RetryAfter(Seconds::from_duration(hint).max(before)),
            None => verdict,
        }
    }
}

/// Retries until the function is true for the outcome.
#[derive(Clone, Copy, Debug)]
pub struct Until<C>(pub C);

impl<O, C: FnMut(&O) -> bool> Hook<O> for Until<C> {
    const EVENTS: Events = Events::NONE;

    #[inline]
    fn judge(&mut self, outcome: &O, verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::Accept if !(self.0)(outcome) => Verdict::Retry,
            _ => verdict,
        }
    }
}

/// Takes the verdict from the function, and overrides the conditions before it.
#[derive(Clone, Copy, Debug)]
pub struct Judge<C>(pub C);

impl<O, C: FnMut(&O) -> Verdict> Hook<O> for Judge<C> {
    const EVENTS: Events = Events::NONE;

    #[inline]
    fn judge(&mut self, outcome: &O, _: Verdict) -> Verdict {
        (self.0)(outcome)
    }
}
