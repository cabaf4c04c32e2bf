//! What is called.

use std::future::Future;

use crate::{Async, Attempt, Blocking};

/// What is called: a function, or one that gives a future. `M` is the mode, blocking or async.
pub trait Target<M> {
    /// What one try gives in the end.
    type Outcome;

    /// What a call returns: the outcome, or its future.
    type Call;

    /// Begins a try.
    fn call(&mut self, attempt: impl FnOnce() -> Attempt) -> Self::Call;

    /// Whether the try that has ended was cancelled by its timeout.
    #[inline]
    fn is_late(call: &Self::Call) -> bool {
        let _ = call;
        false
    }
}

impl<F: FnMut() -> O, O, S> Target<Blocking<S>> for F {
    type Outcome = O;
    type Call = O;

    #[inline]
    fn call(&mut self, _: impl FnOnce() -> Attempt) -> O {
        self()
    }
}

impl<F: FnMut() -> Fut, Fut: Future, S> Target<Async<S>> for F {
    type Outcome = Fut::Output;
    type Call = Fut;

    #[inline]
    fn call(&mut self, _: impl FnOnce() -> Attempt) -> Fut {
        self()
    }
}

/// A function that asks about the try that it is.
#[derive(Clone, Copy, Debug)]
pub struct WithAttempt<F>(pub(crate) F);

impl<F: FnMut(Attempt) -> O, O, S> Target<Blocking<S>> for WithAttempt<F> {
    type Outcome = O;
    type Call = O;

    #[inline]
    fn call(&mut self, attempt: impl FnOnce() -> Attempt) -> O {
        (self.0)(attempt())
    }
}

impl<F: FnMut(Attempt) -> Fut, Fut: Future, S> Target<Async<S>> for WithAttempt<F> {
    type Outcome = Fut::Output;
    type Call = Fut;

    #[inline]
    fn call(&mut self, attempt: impl FnOnce() -> Attempt) -> Fut {
        (self.0)(attempt())
    }
}
