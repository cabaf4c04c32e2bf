//! A policy with its guards.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use rebackoff_core::{Breaker, Budget, Policy};

use crate::Retry;
use crate::hooks::{Asks, Spends, Then};

/// A policy with a budget, a breaker or both, which its calls share: the whole of what is said
/// about calls to one service, under one name.
///
/// ```text
/// breaker ─▶ ┌ deadline ─▶ budget ─▶ try ─▶ timeout ┐
///    ▲       │     ▲                          │     │
///    │       │     └───────── wait ◀──────────┘     │
///    └───────└──────────────────────────────────────┘
/// ```
///
/// The breaker is asked before the first try. After a try that another one may mend, the limits are
/// looked at, then the breaker, and last the budget pays, so that nothing is spent on a refusal;
/// after the wait, the breaker is asked again, and the budget gets back what a retry took that it
/// refuses then. In whichever order `guards` names them, this is the order in which they are asked.
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
/// The policy itself stays plain data, which can be compared and read from a file; the guards are
/// handles, `&'static` or [`Arc`].
#[derive(Clone, Copy, Debug)]
pub struct Guarded<G> {
    policy: Policy,
    guards: G,
}

impl<G> Guarded<G> {
    /// `policy` with `guards`: a budget, a breaker, or a pair of guards.
    pub const fn new(policy: Policy, guards: G) -> Self {
        Self { policy, guards }
    }

    /// The policy.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The guards.
    pub const fn guards(&self) -> &G {
        &self.guards
    }
}

impl<G> Borrow<Policy> for Guarded<G> {
    fn borrow(&self) -> &Policy {
        &self.policy
    }
}

impl<G: Guards> Retry for Guarded<G> {
    type Hooks<O> = G::Hooks<O>;

    #[inline]
    fn plain(&self) -> &Policy {
        &self.policy
    }

    #[inline]
    fn hooks<O>(&self) -> Self::Hooks<O> {
        self.guards.hooks()
    }
}

impl<G: Guards> fmt::Display for Guarded<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.policy.fmt(f)?;
        self.guards.describe(f)
    }
}

/// What guards calls: `&Budget`, `&Breaker`, `Arc<Budget>`, `Arc<Breaker>`, or a pair of guards.
pub trait Guards {
    /// The hooks of one call, whose target gives `O`.
    type Hooks<O>;

    /// The hooks of one call.
    fn hooks<O>(&self) -> Self::Hooks<O>;

    /// Writes what it allows, as in `; budget 10/s, at most 100`.
    ///
    /// # Errors
    ///
    /// The writer's.
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

macro_rules! guards {
    ($($guard:ty => $hook:ident, $name:literal;)*) => {$(
        impl Guards for $guard {
            type Hooks<O> = $hook<Self, O>;

            #[inline]
            #[allow(clippy::clone_on_copy, reason = "some are")]
            fn hooks<O>(&self) -> Self::Hooks<O> {
                $hook::of(self.clone())
            }

            fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("; ", $name, " {}"), self)
            }
        }
    )*};
}

guards! {
    &Budget => Spends, "budget";
    Arc<Budget> => Spends, "budget";
    &Breaker => Asks, "breaker";
    Arc<Breaker> => Asks, "breaker";
}

impl<A: Guards, B: Guards> Guards for (A, B) {
    type Hooks<O> = Then<A::Hooks<O>, B::Hooks<O>>;

    #[inline]
    fn hooks<O>(&self) -> Self::Hooks<O> {
        Then(self.0.hooks(), self.1.hooks())
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(f)?;
        self.1.describe(f)
    }
}
