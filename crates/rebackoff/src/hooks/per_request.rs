//! The hooks of each request of a layer around a client.

use rebackoff_core::{Event, Events, Health, Policy, Seconds, Verdict};

use super::{Class, Hook, Judge, Then};

/// Makes the hooks of each request `R` whose outcome is `O`: a function of the request that returns a
/// [`Hook`], for example.
#[diagnostic::on_unimplemented(
    message = "the hooks of this layer take no requests `{R}` whose outcome is `{O}`",
    note = "`hooks` gets the request, and `judge` and each hook get the outcome of the service"
)]
pub trait PerRequest<R, O> {
    /// The hooks of one call.
    type Hooks: Hook<O>;

    /// The hooks of the call that sends `request`.
    fn hooks(&self, request: &R) -> Self::Hooks;

    /// Receives a request before it is sent again, for the `resends`-th time.
    fn resend(&self, request: &mut R, resends: u64) {
        let _ = (request, resends);
    }
}

/// No hooks.
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

/// Takes the verdict from a function.
#[derive(Clone, Copy, Debug)]
pub struct JudgeBy<C>(pub(crate) C);

impl<Req, O, C: Fn(&O) -> Verdict + Clone> PerRequest<Req, O> for JudgeBy<C> {
    type Hooks = Judge<C>;

    fn hooks(&self, _: &Req) -> Judge<C> {
        Judge(self.0.clone())
    }
}

/// The hooks of a call, and the last word after them: to give up where the request cannot be sent
/// again. The target has failed all the same, unless the hooks classify the outcome.
#[derive(Clone, Copy, Debug)]
pub struct Resendable<H> {
    hooks: H,
    may_resend: bool,
    failed: bool,
}

impl<H> Resendable<H> {
    pub(crate) const fn new(hooks: H, may_resend: bool) -> Self {
        Self { hooks, may_resend, failed: false }
    }
}

impl<O, H: Hook<O>> Hook<O> for Resendable<H> {
    const EVENTS: Events = H::EVENTS;
    const TRACES: bool = H::TRACES;

    fn judge(&mut self, outcome: &O, verdict: Verdict) -> Verdict {
        let verdict = self.hooks.judge(outcome, verdict);
        self.failed = verdict.wants_retry() && !self.may_resend;
        if self.failed { Verdict::GiveUp } else { verdict }
    }

    fn policy(&mut self, outcome: &O) -> Option<Policy> {
        self.hooks.policy(outcome)
    }

    fn raw_wait(&mut self, outcome: &O) -> Option<Option<Seconds>> {
        self.hooks.raw_wait(outcome)
    }

    fn jitter(&mut self, raw: Seconds) -> Option<Seconds> {
        self.hooks.jitter(raw)
    }

    fn classify(&mut self, outcome: &O) -> Class {
        let failure = Class::of_health(self.failed.then_some(Health::Failure));
        self.hooks.classify(outcome).or(failure)
    }

    fn notify(&mut self, event: &Event<'_, O>) {
        self.hooks.notify(event);
    }
}
