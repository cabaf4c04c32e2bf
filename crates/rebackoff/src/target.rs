//! The operation to retry.

use std::future::Future;

use crate::Attempt;
use crate::mode::{Async, Blocking};

/// The operation to retry: a function, or a function that returns a future. `M` is the mode, blocking
/// or async.
pub trait Target<M> {
    /// The outcome of one try.
    type Outcome;

    /// The value that one try returns: the outcome, or its future.
    type Call;

    /// Begins a try.
    fn call(&mut self, attempt: impl FnOnce() -> Attempt) -> Self::Call;

    /// Returns whether the timeout of the try that has ended cancelled it.
    #[inline]
    fn is_late(call: &Self::Call) -> bool {
        let _ = call;
        false
    }
}

impl<F: FnMut() -> O, O, S, C> Target<Blocking<S, C>> for F {
    type Outcome = O;
    type Call = O;

    #[inline]
    fn call(&mut self, _: impl FnOnce() -> Attempt) -> O {
        self()
    }
}

impl<F: FnMut() -> Fut, Fut: Future, S, C> Target<Async<S, C>> for F {
    type Outcome = Fut::Output;
    type Call = Fut;

    #[inline]
    fn call(&mut self, _: impl FnOnce() -> Attempt) -> Fut {
        self()
    }
}

/// A function that takes the [`Attempt`].
#[derive(Clone, Copy, Debug)]
pub struct WithAttempt<F>(pub(crate) F);

impl<F: FnMut(Attempt) -> O, O, S, C> Target<Blocking<S, C>> for WithAttempt<F> {
    type Outcome = O;
    type Call = O;

    #[inline]
    fn call(&mut self, attempt: impl FnOnce() -> Attempt) -> O {
        (self.0)(attempt())
    }
}

impl<F: FnMut(Attempt) -> Fut, Fut: Future, S, C> Target<Async<S, C>> for WithAttempt<F> {
    type Outcome = Fut::Output;
    type Call = Fut;

    #[inline]
    fn call(&mut self, attempt: impl FnOnce() -> Attempt) -> Fut {
        (self.0)(attempt())
    }
}
