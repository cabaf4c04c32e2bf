//! The values that a call takes its policy and its guards from.

use std::sync::{Arc, LazyLock};

use rebackoff_core::Policy;

use crate::guards::{Guarding, GuardsOfCall, Itself, NoRejection, Rejection};

/// A source of policies: a [`Policy`], a [`Guarded`](crate::Guarded) one, a
/// `LivePolicy`, or a reference, an `Arc`, a `Box` or a `LazyLock` of one of these.
///
/// Its calls are methods of [`Retry`](crate::Retry).
pub trait PolicySource {
    /// The rejection that a call may meet: `NoRejection`, or `Open` where there is a breaker.
    type Rejection: Rejection;

    /// The policy of one call.
    type Policy<'p>: AsRef<Policy> + Send
    where
        Self: 'p;

    /// The breakers of one call.
    type Breakers: Guarding<Rejection = <Self::Rejection as Itself>::Type> + Send;

    /// The budgets of one call.
    type Budgets: Guarding<Rejection = NoRejection> + Send;

    /// The policy of a call that begins now.
    fn policy(&self) -> Self::Policy<'_>;

    /// The guards of a call that begins now.
    fn guards(&self) -> GuardsOfCall<Self::Breakers, Self::Budgets>;
}

impl PolicySource for Policy {
    type Rejection = NoRejection;
    type Policy<'p> = &'p Self;
    type Breakers = ();
    type Budgets = ();

    #[inline]
    fn policy(&self) -> &Self {
        self
    }

    #[inline]
    fn guards(&self) -> GuardsOfCall<(), ()> {
        GuardsOfCall::NONE
    }
}

macro_rules! pointers {
    ($(($($generics:tt)*) $pointer:ty;)*) => {$(
        impl<$($generics)*> PolicySource for $pointer {
            type Rejection = R::Rejection;
            type Policy<'p>
                = R::Policy<'p>
            where
                Self: 'p;
            type Breakers = R::Breakers;
            type Budgets = R::Budgets;

            #[inline]
            fn policy(&self) -> Self::Policy<'_> {
                (**self).policy()
            }

            #[inline]
            fn guards(&self) -> GuardsOfCall<R::Breakers, R::Budgets> {
                (**self).guards()
            }
        }
    )*};
}

pointers! {
    (R: PolicySource + ?Sized) &R;
    (R: PolicySource + ?Sized) Arc<R>;
    (R: PolicySource + ?Sized) Box<R>;
    (R: PolicySource, F: FnOnce() -> R) LazyLock<R, F>;
}
