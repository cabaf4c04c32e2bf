//! Requests that can be sent again.

/// Makes another request like an earlier one: a function of it, or [`Cloned`].
#[diagnostic::on_unimplemented(
    message = "a request `{R}` cannot be made again by `{Self}`",
    note = "a request that is not `Clone` takes `.repeat(|request| …)`, whose function returns another one, or `None` \
            where the request can only be sent once"
)]
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

#[diagnostic::do_not_recommend]
impl<R: Clone> Repeat<R> for Cloned {
    fn repeat(&self, request: &R) -> Option<R> {
        Some(request.clone())
    }
}

/// One request, as often as it is sent.
#[derive(Debug)]
pub(crate) struct Resender<Req, R> {
    first: Option<Req>,
    /// For the try after; none where the request cannot be sent again.
    spare: Option<Req>,
    repeat: R,
    resends: u64,
}

impl<Req, R: Repeat<Req>> Resender<Req, R> {
    pub(crate) fn new(request: Req, repeat: R) -> Self {
        let spare = repeat.repeat(&request);
        Self { first: Some(request), spare, repeat, resends: 0 }
    }

    pub(crate) const fn may_resend(&self) -> bool {
        self.spare.is_some()
    }

    /// The request of the first try.
    pub(crate) fn first(&mut self) -> Option<Req> {
        self.first.take()
    }

    /// The request of a retry, with the number of times that it was sent before. There is one as long as
    /// `Resendable` is among the hooks.
    pub(crate) fn next(&mut self) -> Option<(Req, u64)> {
        let request = self.spare.take()?;
        self.spare = self.repeat.repeat(&request);
        self.resends = self.resends.saturating_add(1);
        Some((request, self.resends))
    }
}
