//! The guards of each request of a layer around a client.

use rebackoff_core::{Breaker, Budget};

use super::{Asks, ByOutcome, Guarding, GuardsOfCall, Handle, NoRejection, Pays, Several};
use crate::source::PolicySource;

/// Adds the guards of each request `R` to those of the policy, the breakers `K` and the budgets `B`.
pub trait GuardsPerRequest<R, K, B> {
    /// All breakers of one call.
    type Breakers: Guarding;

    /// All budgets of one call.
    type Budgets: Guarding<Rejection = NoRejection>;

    /// The guards of the call that sends `request`.
    fn add_to(
        &self,
        guards: GuardsOfCall<K, B>,
        request: &R,
    ) -> GuardsOfCall<Self::Breakers, Self::Budgets>;
}

/// Adds no guards.
impl<R, K: Guarding, B: Guarding<Rejection = NoRejection>> GuardsPerRequest<R, K, B> for () {
    type Breakers = K;
    type Budgets = B;

    fn add_to(&self, guards: GuardsOfCall<K, B>, _: &R) -> GuardsOfCall<K, B> {
        guards
    }
}

/// Adds the breaker that a function of the request returns.
#[derive(Clone, Copy, Debug)]
pub struct BreakerFor<G, F>(pub(crate) G, pub(crate) F);

impl<R, K, B, G, F, H> GuardsPerRequest<R, K, B> for BreakerFor<G, F>
where
    G: GuardsPerRequest<R, K, B>,
    F: Fn(&R) -> H,
    H: Handle<Breaker>,
{
    type Breakers = Several<G::Breakers, Asks<H>>;
    type Budgets = G::Budgets;

    fn add_to(
        &self,
        guards: GuardsOfCall<K, B>,
        request: &R,
    ) -> GuardsOfCall<Self::Breakers, Self::Budgets> {
        self.0.add_to(guards, request).and_breaker(Asks::new((self.1)(request), ByOutcome))
    }
}

/// Adds the budget that a function of the request returns.
#[derive(Clone, Copy, Debug)]
pub struct BudgetFor<G, F>(pub(crate) G, pub(crate) F);

impl<R, K, B, G, F, H> GuardsPerRequest<R, K, B> for BudgetFor<G, F>
where
    G: GuardsPerRequest<R, K, B>,
    F: Fn(&R) -> H,
    H: Handle<Budget>,
{
    type Breakers = G::Breakers;
    type Budgets = Several<G::Budgets, Pays<H>>;

    fn add_to(
        &self,
        guards: GuardsOfCall<K, B>,
        request: &R,
    ) -> GuardsOfCall<Self::Breakers, Self::Budgets> {
        self.0.add_to(guards, request).and_budget(Pays::new((self.1)(request)))
    }
}

/// The guards of a request `R`: those of the policy `P`, and after them those that `G` adds.
pub type GuardsOfRequest<P, G, R> = GuardsOfCall<
    <G as GuardsPerRequest<
        R,
        <P as PolicySource>::Breakers,
        <P as PolicySource>::Budgets,
    >>::Breakers,
    <G as GuardsPerRequest<
        R,
        <P as PolicySource>::Breakers,
        <P as PolicySource>::Budgets,
    >>::Budgets,
>;
