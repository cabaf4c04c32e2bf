//! What the attributes expand to: layer 1 with the setters of layer 2. Not for direct use.

use std::marker::PhantomData;

use rebackoff_core::Policy;

use crate::hooks::{Hook, OnError};
use crate::sleepers::{DefaultSleeper, ThreadSleeper};
use crate::target::Target;
use crate::{Async, Attempt, Blocking, Call, Mode, Tries};

pub use std::borrow::Borrow;
pub use std::ops::ControlFlow;

/// A body that the attribute calls itself; it only tells the setters what the body gives.
#[derive(Debug)]
pub struct Body<O>(PhantomData<fn() -> O>);

impl<O, M> Target<M> for Body<O> {
    type Outcome = O;
    type Call = ();

    fn call(&mut self, _: impl FnOnce() -> Attempt) {}
}

pub fn on_error<O>(policy: &Policy) -> Call<'_, Body<O>, OnError, Blocking<ThreadSleeper>> {
    Call::new(policy, Body(PhantomData), OnError, Blocking(ThreadSleeper))
}

pub fn on_error_async<O>(policy: &Policy) -> Call<'_, Body<O>, OnError, Async<DefaultSleeper>> {
    Call::new(policy, Body(PhantomData), OnError, Async(DefaultSleeper::default()))
}

pub fn on_predicate<O>(policy: &Policy) -> Call<'_, Body<O>, (), Blocking<ThreadSleeper>> {
    Call::new(policy, Body(PhantomData), (), Blocking(ThreadSleeper))
}

pub fn on_predicate_async<O>(policy: &Policy) -> Call<'_, Body<O>, (), Async<DefaultSleeper>> {
    Call::new(policy, Body(PhantomData), (), Async(DefaultSleeper::default()))
}

impl<'p, O, H: Hook<O>, M: Mode> Call<'p, Body<O>, H, M> {
    #[doc(hidden)]
    #[inline]
    pub fn into_loop(self) -> (Tries<'p, M>, H) {
        let (_, hooks, session) = self.into_parts();
        (Tries::from_session(session, H::TIMED), hooks)
    }
}
