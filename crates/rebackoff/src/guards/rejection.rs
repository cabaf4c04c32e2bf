//! The outcome of a call that a breaker rejects.

use std::any::Any;
use std::error::Error;

use rebackoff_core::Open;

use crate::kept::{Dropped, Keep, Kept};

/// Makes an error of a breaker's rejection.
///
/// Every error that implements `From<Open>` can be made of one. An error that also tells a rejection
/// from other errors implements this trait in place of `From<Open>`: a try that fails with a rejection
/// is neutral for the enclosing breakers. [`Open`] itself and a boxed `Open` are known as rejections.
///
/// ```
/// use rebackoff::prelude::*;
/// use rebackoff::{FromOpen, Open};
///
/// enum Failure { Down, Rejected }
///
/// impl FromOpen for Failure {
///     fn from_open(_: Open) -> Self { Self::Rejected }
///     fn is_rejection(&self) -> bool { matches!(self, Self::Rejected) }
/// }
///
/// static ORDER: Policy = policy!(expo, max_tries = 1);
/// static SHOP: Breaker = breaker!(consecutive = 1);
/// static CACHE: Breaker = breaker!(consecutive = 1);
///
/// CACHE.isolate();
/// let order = || ORDER.retry(|| Ok::<(), Failure>(())).breaker(&CACHE).call();
/// assert!(matches!(ORDER.retry(order).breaker(&SHOP).call(), Err(Failure::Rejected)));
/// assert_eq!(SHOP.failures(), 0);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made of a breaker's rejection",
    label = "needs `From<rebackoff::Open>`",
    note = "implement `From<rebackoff::Open>` for the error, or say what a rejected call returns: \
            `.breaker_or(breaker, |open| …)`, in an attribute `rejected = |open| …`"
)]
pub trait FromOpen: Sized {
    /// The error of a call that a breaker rejects.
    fn from_open(open: Open) -> Self;

    /// Returns whether this error is a rejection. Default false.
    fn is_rejection(&self) -> bool {
        false
    }
}

impl<E: From<Open> + 'static> FromOpen for E {
    #[inline]
    fn from_open(open: Open) -> Self {
        open.into()
    }

    #[inline]
    fn is_rejection(&self) -> bool {
        let error: &dyn Any = self;
        let is_boxed = || {
            let sent = error.downcast_ref::<Box<dyn Error + Send + Sync>>();
            let local = error.downcast_ref::<Box<dyn Error>>();
            sent.is_some_and(|error| error.is::<Open>())
                || local.is_some_and(|error| error.is::<Open>())
        };
        error.is::<Open>() || is_boxed()
    }
}

/// The outcome of a call that a breaker rejects: an error that is made of [`Open`], or `None`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made of a breaker's rejection",
    note = "implement `From<rebackoff::Open>` for the error, or say what a rejected call returns: \
            `.breaker_or(breaker, |open| …)`, in an attribute `rejected = |open| …`"
)]
pub trait Rejected: Sized {
    /// The outcome of a call that a breaker rejects.
    fn rejected(open: Open) -> Self;

    /// Returns whether this outcome is a rejection, and so neutral for a breaker. Default false.
    fn is_rejection(&self) -> bool {
        false
    }
}

impl<T, E: FromOpen> Rejected for Result<T, E> {
    #[inline]
    fn rejected(open: Open) -> Self {
        Err(E::from_open(open))
    }

    #[inline]
    fn is_rejection(&self) -> bool {
        self.as_ref().is_err_and(E::is_rejection)
    }
}

impl<T> Rejected for Option<T> {
    #[inline]
    fn rejected(_: Open) -> Self {
        None
    }
}

/// The rejection of a call, before it becomes the outcome `O`.
#[diagnostic::on_unimplemented(
    message = "`{O}` cannot be made of a breaker's rejection",
    note = "implement `From<rebackoff::Open>` for the error, or say what a rejected call returns: \
            `.breaker_or(breaker, |open| …)`, in an attribute `rejected = |open| …`"
)]
pub trait Rejects<O> {
    /// The outcome of the rejected call.
    fn into_outcome(self) -> O;

    /// Returns whether `outcome` is a rejection.
    fn is_rejection(outcome: &O) -> bool;
}

/// A kind of rejection, alone or beside another.
pub trait Rejection: Sized {
    /// This kind of rejection or `R`; `R` alone where this kind never comes.
    type Or<R: Rejection>: Rejection;

    /// The form in which a call keeps the last outcome in a wait, after which a breaker may reject the
    /// retry.
    type Kept<O>: Keep<O>;

    /// A loop `T` that this kind of rejection may prevent: `T`, or `Result<T, Self>`.
    type Begun<T>;

    /// A loop that has begun, or was rejected.
    fn begun<T>(result: Result<T, Self>) -> Self::Begun<T>;

    /// A rejection of this kind.
    fn first<R: Rejection>(self) -> Self::Or<R>;

    /// A rejection of the other kind.
    fn second<R: Rejection>(other: R) -> Self::Or<R>;
}

/// The rejection that never comes: of calls without a breaker.
#[derive(Clone, Copy, Debug)]
pub enum NoRejection {}

impl Rejection for NoRejection {
    type Or<R: Rejection> = R;
    type Kept<O> = Dropped;
    type Begun<T> = T;

    #[inline]
    fn begun<T>(result: Result<T, Self>) -> T {
        let Ok(begun) = result;
        begun
    }

    #[inline]
    fn first<R: Rejection>(self) -> R {
        match self {}
    }

    #[inline]
    fn second<R: Rejection>(other: R) -> R {
        other
    }
}

impl<O> Rejects<O> for NoRejection {
    #[inline]
    fn into_outcome(self) -> O {
        match self {}
    }

    #[inline]
    fn is_rejection(_: &O) -> bool {
        false
    }
}

impl<O: Rejected> Rejects<O> for Open {
    #[inline]
    fn into_outcome(self) -> O {
        O::rejected(self)
    }

    #[inline]
    fn is_rejection(outcome: &O) -> bool {
        outcome.is_rejection()
    }
}

/// A rejection of which a function of the caller's makes the outcome.
#[derive(Clone, Copy, Debug)]
pub struct OpenOr<F> {
    pub(super) open: Open,
    pub(super) outcome: F,
}

impl<O, F: FnOnce(Open) -> O> Rejects<O> for OpenOr<F> {
    #[inline]
    fn into_outcome(self) -> O {
        (self.outcome)(self.open)
    }

    #[inline]
    fn is_rejection(_: &O) -> bool {
        false
    }
}

/// One of two kinds of rejection.
#[derive(Clone, Copy, Debug)]
pub enum Either<A, B> {
    /// The first.
    First(A),
    /// The second.
    Second(B),
}

impl<O, A: Rejects<O>, B: Rejects<O>> Rejects<O> for Either<A, B> {
    #[inline]
    fn into_outcome(self) -> O {
        match self {
            Self::First(rejection) => rejection.into_outcome(),
            Self::Second(rejection) => rejection.into_outcome(),
        }
    }

    #[inline]
    fn is_rejection(outcome: &O) -> bool {
        A::is_rejection(outcome) || B::is_rejection(outcome)
    }
}

macro_rules! either {
    ($(($($generics:tt)*) $kind:ty;)*) => {$(
        impl $($generics)* Rejection for $kind {
            type Or<R: Rejection> = Either<Self, R>;
            type Kept<O> = Kept<O>;
            type Begun<T> = Result<T, Self>;

            #[inline]
            fn begun<T>(result: Result<T, Self>) -> Result<T, Self> {
                result
            }

            #[inline]
            fn first<R: Rejection>(self) -> Either<Self, R> {
                Either::First(self)
            }

            #[inline]
            fn second<R: Rejection>(other: R) -> Either<Self, R> {
                Either::Second(other)
            }
        }
    )*};
}

either! {
    () Open;
    (<F>) OpenOr<F>;
    (<A, B>) Either<A, B>;
}
