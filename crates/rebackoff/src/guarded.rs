//! A policy with its guards.

use std::fmt;
use std::sync::{Arc, LazyLock};

use rebackoff_core::{Breaker, Budget, Open, Policy};

use crate::guards::{Asks, Guarding, GuardsOfCall, Handle, NoRejection, Pays, Rejection, Several};
use crate::source::PolicySource;

/// A policy with a budget, a breaker or both, which its calls share: the rules of all calls to one
/// service, under one name.
///
/// ```text
/// breaker ─▶ ┌ deadline ─▶ budget ─▶ try ─▶ timeout ┐
///    ▲       │     ▲                          │     │
///    │       │     └───────── wait ◀──────────┘     │
///    └───────└──────────────────────────────────────┘
/// ```
///
/// The breaker is asked before the first try. After a failed try the limits come first, then the
/// breaker, and last the budget pays, so that nothing is spent on a rejection. After the wait the
/// breaker is asked again; the budget gets back the tokens of a retry that the breaker rejects then.
/// The order in which `guards` names them does not matter.
///
/// ```
/// use rebackoff::prelude::*;
/// use rebackoff::{Guarded, Open};
/// # let _no_wait = rebackoff::testing::no_wait();
///
/// static RETRIES: Budget = budget!(share(ratio = 0.1));
/// static SHOP: Breaker = breaker!(consecutive = 5);
/// static ORDER: Guarded<(&Budget, &Breaker)> =
///     Guarded::new(policy!(expo, max_tries = 4), (&RETRIES, &SHOP));
///
/// #[derive(Debug)]
/// struct Failure(String);
///
/// impl From<Open> for Failure {
///     fn from(open: Open) -> Self { Self(open.to_string()) }
/// }
///
/// let answer = ORDER.retry(|| Ok::<_, Failure>("ordered")).call();
/// assert_eq!(answer.unwrap(), "ordered");
/// assert_eq!(
///     ORDER.to_string(),
///     "expo: waits 1s, 2s, 4s; worst case 7s (full jitter, max_tries 4); \
///      budget 10% of calls + 10/s; breaker opens after 5 failures in a row, for 30s",
/// );
/// ```
///
/// The policy itself stays plain data, which can be compared and read from a file; `P` may also be a
/// `LivePolicy`, or a reference or an [`Arc`] of a policy. The guards are handles: references, also to a [`LazyLock`]
/// of one, [`Arc`]s, or an `Option` of one. A library takes the same type for every policy of its users as [`AnyPolicy`].
#[derive(Clone, Copy, Debug)]
pub struct Guarded<G, P = Policy> {
    policy: P,
    guards: G,
}

/// The erased form of every policy, for libraries: a policy, an optional budget and an optional breaker.
///
/// ```
/// use std::sync::Arc;
/// use rebackoff::prelude::*;
/// use rebackoff::{AnyPolicy, Guarded, Open};
///
/// pub struct Client { policy: AnyPolicy }
///
/// impl Client {
///     pub fn new(policy: impl Into<AnyPolicy>) -> Self { Self { policy: policy.into() } }
///
///     pub fn get(&self) -> Result<u8, Box<dyn std::error::Error>> {
///         self.policy.retry(|| Ok("7".parse()?)).call()
///     }
/// }
///
/// let budget = Arc::new(Budget::share().build()?);
/// assert_eq!(Client::new(policy!(expo)).get().unwrap(), 7);
/// assert_eq!(Client::new(Guarded::new(policy!(expo), budget)).get().unwrap(), 7);
/// # Ok::<(), PolicyError>(())
/// ```
pub type AnyPolicy = Guarded<(Option<Arc<Budget>>, Option<Arc<Breaker>>)>;

impl<G, P> Guarded<G, P> {
    /// `policy` with `guards`: a budget, a breaker, or a pair of guards.
    pub const fn new(policy: P, guards: G) -> Self {
        Self { policy, guards }
    }

    /// The policy.
    pub const fn policy(&self) -> &P {
        &self.policy
    }

    /// The guards.
    pub const fn guards(&self) -> &G {
        &self.guards
    }
}

impl From<Policy> for AnyPolicy {
    fn from(policy: Policy) -> Self {
        Self::new(policy, (None, None))
    }
}

impl From<Guarded<Arc<Budget>>> for AnyPolicy {
    fn from(Guarded { policy, guards: budget }: Guarded<Arc<Budget>>) -> Self {
        Self::new(policy, (Some(budget), None))
    }
}

impl From<Guarded<Arc<Breaker>>> for AnyPolicy {
    fn from(Guarded { policy, guards: breaker }: Guarded<Arc<Breaker>>) -> Self {
        Self::new(policy, (None, Some(breaker)))
    }
}

impl From<Guarded<(Arc<Budget>, Arc<Breaker>)>> for AnyPolicy {
    fn from(Guarded { policy, guards }: Guarded<(Arc<Budget>, Arc<Breaker>)>) -> Self {
        let (budget, breaker) = guards;
        Self::new(policy, (Some(budget), Some(breaker)))
    }
}

impl From<Guarded<(Arc<Breaker>, Arc<Budget>)>> for AnyPolicy {
    fn from(Guarded { policy, guards }: Guarded<(Arc<Breaker>, Arc<Budget>)>) -> Self {
        let (breaker, budget) = guards;
        Self::new(policy, (Some(budget), Some(breaker)))
    }
}

impl<G> AsRef<Policy> for Guarded<G> {
    fn as_ref(&self) -> &Policy {
        &self.policy
    }
}

impl<G: Guards, P: PolicySource<Breakers = (), Budgets = ()>> PolicySource for Guarded<G, P> {
    type Rejection = G::Rejection;
    type Policy<'p>
        = P::Policy<'p>
    where
        Self: 'p;
    type Breakers = G::Breakers;
    type Budgets = G::Budgets;

    #[inline]
    fn policy(&self) -> P::Policy<'_> {
        self.policy.policy()
    }

    #[inline]
    fn guards(&self) -> GuardsOfCall<G::Breakers, G::Budgets> {
        GuardsOfCall::new(self.guards.breakers(), self.guards.budgets())
    }
}

impl<G: Guards> fmt::Display for Guarded<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.policy.fmt(f)?;
        self.guards.describe(f)
    }
}

/// The guards of a [`Guarded`] policy: `&Budget`, `&Breaker`, a reference to a `LazyLock` of one, an `Arc` of one, an
/// `Option` of these, or a pair of guards.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot guard a policy",
    note = "give `&Budget`, `&Breaker`, an `Arc` of one, an `Option` of these, or a pair of guards"
)]
pub trait Guards {
    /// The rejection that a call may meet.
    type Rejection: Rejection;

    /// The breakers of one call.
    type Breakers: Guarding<Rejection = Self::Rejection> + Send;

    /// The budgets of one call.
    type Budgets: Guarding<Rejection = NoRejection> + Send;

    /// The breakers of a call that begins now.
    fn breakers(&self) -> Self::Breakers;

    /// The budgets of a call that begins now.
    fn budgets(&self) -> Self::Budgets;

    /// Writes the rules of the guards, as in `; budget 10/s, at most 100`.
    ///
    /// # Errors
    ///
    /// The writer's.
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

macro_rules! guards {
    ($($budget:ty, $breaker:ty;)*) => {$(
        impl Guards for $budget {
            type Rejection = NoRejection;
            type Breakers = ();
            type Budgets = Pays<Self>;

            #[inline]
            fn breakers(&self) {}

            #[inline]
            #[allow(clippy::clone_on_copy, reason = "some types of this macro are `Copy`")]
            fn budgets(&self) -> Pays<Self> {
                Pays::new(self.clone())
            }

            fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                describe::<Budget>(self, "budget", f)
            }
        }

        impl Guards for $breaker {
            type Rejection = Open;
            type Breakers = Asks<Self>;
            type Budgets = ();

            #[inline]
            #[allow(clippy::clone_on_copy, reason = "some types of this macro are `Copy`")]
            fn breakers(&self) -> Asks<Self> {
                Asks::new(self.clone(), crate::guards::ByOutcome)
            }

            #[inline]
            fn budgets(&self) {}

            fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                describe::<Breaker>(self, "breaker", f)
            }
        }
    )*};
}

guards! {
    &Budget, &Breaker;
    &LazyLock<Budget>, &LazyLock<Breaker>;
    Arc<Budget>, Arc<Breaker>;
    Option<&Budget>, Option<&Breaker>;
    Option<Arc<Budget>>, Option<Arc<Breaker>>;
}

fn describe<G: fmt::Display>(
    handle: &impl Handle<G>,
    name: &str,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    handle.guard().map_or(Ok(()), |guard| write!(f, "; {name} {guard}"))
}

impl<A: Guards, B: Guards> Guards for (A, B) {
    type Rejection = <B::Rejection as Rejection>::After<A::Rejection>;
    type Breakers = Several<A::Breakers, B::Breakers>;
    type Budgets = Several<A::Budgets, B::Budgets>;

    #[inline]
    fn breakers(&self) -> Self::Breakers {
        Several(self.0.breakers(), self.1.breakers())
    }

    #[inline]
    fn budgets(&self) -> Self::Budgets {
        Several(self.0.budgets(), self.1.budgets())
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(f)?;
        self.1.describe(f)
    }
}
