use rebackoff_core::{Cost, Events, Health};

use super::{Class, Hook};

/// Takes the health of the target from a function of the outcome.
#[derive(Clone, Copy, Debug)]
pub struct Counts<C>(pub C);

impl<O, C: FnMut(&O) -> Health> Hook<O> for Counts<C> {
    const EVENTS: Events = Events::NONE;

    #[inline]
    fn classify(&mut self, outcome: &O) -> Class {
        Class::of_health(Some((self.0)(outcome)))
    }
}

/// Takes the cost of a retry from a function of the outcome.
#[derive(Clone, Copy, Debug)]
pub struct Costs<C>(pub C);

impl<O, C: FnMut(&O) -> Cost> Hook<O> for Costs<C> {
    const EVENTS: Events = Events::NONE;

    #[inline]
    fn classify(&mut self, outcome: &O) -> Class {
        Class::of_cost(Some((self.0)(outcome)))
    }
}
