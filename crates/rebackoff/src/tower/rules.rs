//! The parts of a layer that each of its services has.

use rebackoff_core::Verdict;

use crate::hooks::{Judge, OnError, PerRequest};

/// The parts that the layer and its services have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<P, H, G, R, S> {
    pub(crate) policy: P,
    pub(crate) hooks: H,
    pub(crate) guards: G,
    pub(crate) repeat: R,
    pub(crate) sleeper: S,
}

/// Retries on errors.
#[derive(Clone, Copy, Debug)]
pub struct Errors;

impl<Req, T, E> PerRequest<Req, Result<T, E>> for Errors {
    type Hooks = OnError;

    fn hooks(&self, _: &Req) -> OnError {
        OnError
    }
}

/// Takes the verdict from a function.
#[derive(Clone, Copy, Debug)]
pub struct JudgeBy<C>(pub(super) C);

impl<Req, O, C: Fn(&O) -> Verdict + Clone> PerRequest<Req, O> for JudgeBy<C> {
    type Hooks = Judge<C>;

    fn hooks(&self, _: &Req) -> Judge<C> {
        Judge(self.0.clone())
    }
}
