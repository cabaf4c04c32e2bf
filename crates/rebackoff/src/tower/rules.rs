//! The parts of a layer that each of its services has.

use crate::hooks::{OnError, PerRequest};

/// The parts that the layer and its services have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<P, H, G, R, S, L> {
    pub(crate) policy: P,
    pub(crate) hooks: H,
    pub(crate) guards: G,
    pub(crate) repeat: R,
    pub(crate) sleeper: S,
    pub(crate) late: L,
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
