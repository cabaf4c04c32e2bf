//! The outcome of a call that a breaker rejects.

use std::any::Any;
use std::error::Error;

use rebackoff_core::Open;

use crate::kept::{Dropped, Keep, Kept};

/// Makes an error of a breaker's rejection.
///
/// Every error that implements `From<Open>` and is `'static` can be made of one. An error that borrows, or that also
/// tells a rejection from other errors, implements this trait in place of `From<Open>`: a try that fails with a
/// rejection is neutral for the enclosing breakers. [`Open`] itself and a boxed `Open` are known as rejections.
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
///
/// An error that a macro such as thiserror's derives is no different, but its variant for a rejection
/// takes `#[source]` in place of `#[from]`, which would implement `From<Open>`:
///
/// ```
/// use rebackoff::{FromOpen, Open};
///
/// #[derive(Debug, thiserror::Error)]
/// enum Failure {
///     #[error("the shop is down")]
///     Down,
///     #[error("the shop is not called")]
///     Rejected(#[source] Open),
/// }
///
/// impl FromOpen for Failure {
///     fn from_open(open: Open) -> Self { Self::Rejected(open) }
///     fn is_rejection(&self) -> bool { matches!(self, Self::Rejected(_)) }
/// }
/// # let _ = Failure::Down;
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

#[diagnostic::do_not_recommend]
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
        error.is::<Open>() || error.is::<Box<Open>>() || is_boxed()
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
            `.breaker_or(breaker, |open| …)`, in an attribute `rejected = |open| …`; a loop hands \
            `backoff` an error that implements it"
)]
pub trait Rejects<O> {
    /// The outcome of the rejected call.
    fn into_outcome(self) -> O;

    /// Returns whether `outcome` is a rejection.
    fn is_rejection(outcome: &O) -> bool;
}

/// A kind of rejection, alone or after another.
pub trait Rejection: Sized {
    /// This kind of rejection, or `R` of the guards that are asked before; `R` alone where this kind
    /// never comes.
    type After<R: Rejection>: Rejection;

    /// The form in which a call keeps the last outcome in a wait, after which a breaker may reject the
    /// retry.
    type Kept<O>: Keep<O>;

    /// A loop `T` that this kind of rejection may prevent: `T`, or `Result<T, Open>`.
    type Begun<T>;

    /// A loop that has begun, or was rejected.
    fn begun<T>(result: Result<T, Self>) -> Self::Begun<T>;

    /// A rejection of this kind.
    fn after<R: Rejection>(self) -> Self::After<R>;

    /// A rejection by the guards that are asked before.
    fn before<R: Rejection>(earlier: R) -> Self::After<R>;

    /// The breaker's own words.
    fn into_open(self) -> Open;
}

/// The rejection `X` and no other; it gives the compiler's message its words.
#[diagnostic::on_unimplemented(
    message = "this policy has a breaker, which may reject a call, and `Retry` takes no such policy",
    note = "take `R: RetryFor<Result<T, E>>` in place of `R: Retry`, where `E: From<rebackoff::Open>`"
)]
pub trait Only<X>: Itself<Type = X> {}

impl<X> Only<X> for X {}

/// Makes an equality of types follow from the bound [`Only`]: a message can explain a bound that does not
/// hold, and no equality.
pub trait Itself {
    /// The type itself.
    type Type;
}

impl<X> Itself for X {
    type Type = X;
}

/// The rejection that never comes: of calls without a breaker.
#[derive(Clone, Copy, Debug)]
pub enum NoRejection {}

impl Rejection for NoRejection {
    type After<R: Rejection> = R;
    type Kept<O> = Dropped;
    type Begun<T> = T;

    #[inline]
    fn begun<T>(result: Result<T, Self>) -> T {
        let Ok(begun) = result;
        begun
    }

    #[inline]
    fn after<R: Rejection>(self) -> R {
        match self {}
    }

    #[inline]
    fn before<R: Rejection>(earlier: R) -> R {
        earlier
    }

    #[inline]
    fn into_open(self) -> Open {
        match self {}
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

/// A rejection of which a function of the caller's makes the outcome. The type of that outcome is the
/// function's affair, so none is known as a rejection: `counts` says which ones are neutral.
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

macro_rules! rejections {
    ($(($($generics:tt)*) $kind:ty, $kept:ty, $rejection:ident => $open:expr;)*) => {$(
        impl<$($generics)*> Rejection for $kind {
            type After<R: Rejection> = Either<R, Self>;
            type Kept<O> = $kept;
            type Begun<T> = Result<T, Open>;

            #[inline]
            fn begun<T>(result: Result<T, Self>) -> Result<T, Open> {
                result.map_err(Self::into_open)
            }

            #[inline]
            fn after<R: Rejection>(self) -> Either<R, Self> {
                Either::Second(self)
            }

            #[inline]
            fn before<R: Rejection>(earlier: R) -> Either<R, Self> {
                Either::First(earlier)
            }

            #[inline]
            fn into_open(self) -> Open {
                let $rejection = self;
                $open
            }
        }
    )*};
}

rejections! {
    () Open, Kept<O>, open => open;
    (F) OpenOr<F>, Kept<O>, rejection => rejection.open;
    (A: Rejection, B: Rejection) Either<A, B>, (A::Kept<O>, B::Kept<O>), either => match either {
        Either::First(rejection) => rejection.into_open(),
        Either::Second(rejection) => rejection.into_open(),
    };
}
