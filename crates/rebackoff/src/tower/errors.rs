//! The rule of a layer that is given none.

use crate::hooks::{OnError, PerRequest};

/// Retries on errors.
#[derive(Clone, Copy, Debug)]
pub struct Errors;

impl<Req, T, E> PerRequest<Req, Result<T, E>> for Errors {
    type Hooks = OnError;

    fn hooks(&self, _: &Req) -> OnError {
        OnError
    }
}
