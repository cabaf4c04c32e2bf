use rebackoff_core::{Cost, Events, Health};

use super::{Class, Hook};
use crate::guards::FromOpen;

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

/// Counts an error that is a rejection as neutral, in a loop of the caller's own
/// ([`FromOpen::is_rejection`]). A [`Call`](crate::engine::Call) does so by itself.
#[derive(Clone, Copy, Debug)]
pub struct Rejections;

impl<E: FromOpen> Hook<E> for Rejections {
    const EVENTS: Events = Events::NONE;

    #[inline]
    fn classify(&mut self, error: &E) -> Class {
        Class::of_health(error.is_rejection().then_some(Health::Neutral))
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
