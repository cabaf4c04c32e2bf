//! The outcome of the last try, during the wait for the next one.

/// Keeps an outcome as long as the call may still return it, and drops it otherwise.
pub trait Keep<O>: Sized {
    /// True where the outcome is kept.
    const KEEPS: bool;

    /// Keeps `outcome`, or drops it.
    fn keep(outcome: O) -> Self;

    /// Nothing, where another place keeps the outcome.
    fn nothing() -> Self;

    /// The outcome, if it was kept.
    fn take(&mut self) -> Option<O>;
}

/// An outcome that the call cannot return any more.
#[derive(Clone, Copy, Debug)]
pub struct Dropped;

impl<O> Keep<O> for Dropped {
    const KEEPS: bool = false;

    #[inline]
    fn keep(outcome: O) -> Self {
        drop(outcome);
        Self
    }

    #[inline]
    fn nothing() -> Self {
        Self
    }

    #[inline]
    fn take(&mut self) -> Option<O> {
        None
    }
}

/// An outcome that a breaker or a signal may make the call's.
#[derive(Clone, Copy, Debug)]
pub struct Kept<O>(Option<O>);

impl<O> Keep<O> for Kept<O> {
    const KEEPS: bool = true;

    #[inline]
    fn keep(outcome: O) -> Self {
        Self(Some(outcome))
    }

    #[inline]
    fn nothing() -> Self {
        Self(None)
    }

    #[inline]
    fn take(&mut self) -> Option<O> {
        self.0.take()
    }
}

/// Kept by either of two.
impl<O, A: Keep<O>, B: Keep<O>> Keep<O> for (A, B) {
    const KEEPS: bool = A::KEEPS || B::KEEPS;

    #[inline]
    fn keep(outcome: O) -> Self {
        if A::KEEPS { (A::keep(outcome), B::nothing()) } else { (A::nothing(), B::keep(outcome)) }
    }

    #[inline]
    fn nothing() -> Self {
        (A::nothing(), B::nothing())
    }

    #[inline]
    fn take(&mut self) -> Option<O> {
        self.0.take().or_else(|| self.1.take())
    }
}
