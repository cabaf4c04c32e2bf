//! What a layer around a client says about each request.

use rebackoff_core::{Health, Verdict};

use super::{Hook, Then};
use crate::Retry;

/// What a layer says about each request `R` whose outcome is `O`: the hooks of its call.
///
/// A function of the request that gives a [`Hook`] is one.
pub trait PerRequest<R, O> {
    /// The hooks of one call.
    type Hooks: Hook<O>;

    /// The hooks of the call that sends `request`.
    fn hooks(&self, request: &R) -> Self::Hooks;

    /// Is told of a request that is about to be sent again, for the `resends`-th time.
    fn resend(&self, request: &mut R, resends: u64) {
        let _ = (request, resends);
    }
}

/// Says nothing.
impl<R, O> PerRequest<R, O> for () {
    type Hooks = ();

    fn hooks(&self, _: &R) {}
}

impl<R, O, H: Hook<O>, F: Fn(&R) -> H> PerRequest<R, O> for F {
    type Hooks = H;

    fn hooks(&self, request: &R) -> H {
        self(request)
    }
}

/// One after the other.
impl<R, O, A: PerRequest<R, O>, B: PerRequest<R, O>> PerRequest<R, O> for Then<A, B> {
    type Hooks = Then<A::Hooks, B::Hooks>;

    fn hooks(&self, request: &R) -> Self::Hooks {
        Then(self.0.hooks(request), self.1.hooks(request))
    }

    fn resend(&self, request: &mut R, resends: u64) {
        self.0.resend(request, resends);
        self.1.resend(request, resends);
    }
}

/// What guards the calls of a policy: nothing, or the guards of a [`Guarded`](crate::Guarded).
#[derive(Clone, Copy, Debug)]
pub struct GuardsOf<P>(pub(crate) P);

impl<R, O, P: Retry> PerRequest<R, O> for GuardsOf<&P>
where
    P::Hooks<O>: Hook<O>,
{
    type Hooks = P::Hooks<O>;

    fn hooks(&self, _: &R) -> P::Hooks<O> {
        self.0.hooks()
    }
}

/// Gives up where the request cannot be sent again: the last word of a call. It was the target that
/// failed all the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resendable {
    may_resend: bool,
    failed: bool,
}

impl Resendable {
    pub(crate) const fn new(may_resend: bool) -> Self {
        Self { may_resend, failed: false }
    }
}

impl<O> Hook<O> for Resendable {
    const TIMED: bool = false;

    fn judge(&mut self, _: &O, verdict: Verdict) -> Verdict {
        self.failed = verdict.wants_retry() && !self.may_resend;
        if self.failed { Verdict::GiveUp } else { verdict }
    }

    fn usual_health(&mut self, _: &O) -> Option<Health> {
        self.failed.then_some(Health::Failure)
    }
}
