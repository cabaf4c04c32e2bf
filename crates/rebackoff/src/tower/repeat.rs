//! Requests that can be sent again.

/// Makes another request like an earlier one: a function of it, or [`Cloned`].
pub trait Repeat<R> {
    /// Another request like `request`; `None` for one that can only be sent once.
    fn repeat(&self, request: &R) -> Option<R>;
}

impl<R, F: Fn(&R) -> Option<R>> Repeat<R> for F {
    fn repeat(&self, request: &R) -> Option<R> {
        self(request)
    }
}

/// Clones every request.
#[derive(Clone, Copy, Debug)]
pub struct Cloned;

impl<R: Clone> Repeat<R> for Cloned {
    fn repeat(&self, request: &R) -> Option<R> {
        Some(request.clone())
    }
}
