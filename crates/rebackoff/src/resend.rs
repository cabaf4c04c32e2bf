//! Requests that can be sent again, and how.

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

/// The parts of a layer or middleware that each request takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<P, H, G, R, S, L> {
    pub(crate) policy: P,
    pub(crate) hooks: H,
    pub(crate) guards: G,
    pub(crate) repeat: R,
    pub(crate) sleeper: S,
    pub(crate) late: L,
}

impl<P, H, G, R, S, L> Rules<P, H, G, R, S, L> {
    pub(crate) fn map_hooks<A>(self, change: impl FnOnce(H) -> A) -> Rules<P, A, G, R, S, L> {
        let Self { policy, hooks, guards, repeat, sleeper, late } = self;
        Rules { policy, hooks: change(hooks), guards, repeat, sleeper, late }
    }

    pub(crate) fn map_guards<A>(self, change: impl FnOnce(G) -> A) -> Rules<P, H, A, R, S, L> {
        let Self { policy, hooks, guards, repeat, sleeper, late } = self;
        Rules { policy, hooks, guards: change(guards), repeat, sleeper, late }
    }

    pub(crate) fn repeat<A>(self, repeat: A) -> Rules<P, H, G, A, S, L> {
        let Self { policy, hooks, guards, sleeper, late, .. } = self;
        Rules { policy, hooks, guards, repeat, sleeper, late }
    }

    pub(crate) fn sleeper<A>(self, sleeper: A) -> Rules<P, H, G, R, A, L> {
        let Self { policy, hooks, guards, repeat, late, .. } = self;
        Rules { policy, hooks, guards, repeat, sleeper, late }
    }

    pub(crate) fn late<A>(self, late: A) -> Rules<P, H, G, R, S, A> {
        let Self { policy, hooks, guards, repeat, sleeper, .. } = self;
        Rules { policy, hooks, guards, repeat, sleeper, late }
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
