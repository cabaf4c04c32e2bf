//! Layer 2: closures. A call in the making, and its setters.

mod cancelling;
mod guards;
mod hooks;

use rebackoff_core::Policy;

use crate::guards::GuardsOfCall;
use crate::mode::Mode;
use crate::random::CallDraws;
use crate::session::Session;
use crate::source::PolicySource;
use crate::target::Target;

/// A call in the making: a target, its policy, and what the caller adds to it.
///
/// A method of [`Retry`](crate::Retry) begins it. [`call`](Call::call) runs a blocking one, `.await` an
/// async one; `outcome` also returns tries, time and reason. `P` is the policy or a reference to it, `F`
/// the target, `H` the hooks, `M` the mode, `G` the guards.
#[derive(Clone, Copy, Debug)]
#[must_use = "nothing is called before `.call()` or `.await`"]
pub struct Call<P, F, H, M, G = GuardsOfCall<(), ()>> {
    policy: P,
    pub(crate) target: F,
    hooks: H,
    mode: M,
    guards: G,
    draws: CallDraws,
    visible: bool,
}

impl<'p, P, F, H, M, K, B> Call<P, F, H, M, GuardsOfCall<K, B>> {
    #[inline]
    pub(crate) fn new<R>(source: &'p R, target: F, hooks: H, mode: M) -> Self
    where
        R: PolicySource<Policy<'p> = P, Breakers = K, Budgets = B> + ?Sized,
    {
        Self::by(source.policy(), source.guards(), target, hooks, mode)
    }
}

impl<P, F, H, M, G> Call<P, F, H, M, G> {
    #[inline]
    pub(crate) const fn by(policy: P, guards: G, target: F, hooks: H, mode: M) -> Self {
        let draws = CallDraws::UNSEEDED;
        Self { policy, target, hooks, mode, guards, draws, visible: false }
    }

    /// Makes this call visible to the calls inside its target: they inherit its deadline, their events
    /// count its tries in `amplification`, and a call with `nested = Once` leaves retrying to it.
    ///
    /// A call with `max_time` or `reset_after`, or one that ends with `.outcome()`, is always visible. Of a
    /// [`timeout`](Self::timeout) alone the calls inside see the deadline. Handlers and guards make no
    /// call visible, so that a success costs nothing.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    /// # let _no_wait = rebackoff::testing::no_wait();
    ///
    /// static OUTER: Policy = policy!(expo, max_tries = 3);
    /// static INNER: Policy = policy!(expo, max_tries = 3, nested = Nested::Once);
    ///
    /// let mut calls = 0;
    /// let mut down = || {
    ///     calls += 1;
    ///     Err::<(), _>("down")
    /// };
    /// let _ = OUTER.retry(|| INNER.retry(&mut down).call()).scope().call();
    /// assert_eq!(calls, 3); // not nine
    /// ```
    #[inline]
    pub fn scope(mut self) -> Self {
        self.visible = true;
        self
    }

    /// Waits with `sleeper` in place of the default one, and reads its clock. Call it before
    /// [`timeout`](Self::timeout), which takes the sleeper that it finds.
    #[inline]
    pub fn sleeper<S>(self, sleeper: S) -> Call<P, F, H, M::With<S>, G>
    where
        M: Mode,
        F: Target<M::With<S>>,
    {
        self.map_mode(|mode| mode.with(sleeper))
    }

    /// Makes the jitter depend on `seed` alone, so that a run can be repeated.
    #[inline]
    pub fn seed(mut self, seed: u64) -> Self {
        self.draws = CallDraws::seeded(seed);
        self
    }

    /// Takes a copy of the policy in place of a reference, so that the call can be spawned, returned
    /// and stored.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use rebackoff::prelude::*;
    ///
    /// let policy = Policy::new(expo()).max_tries(3).build()?; // from a file, for example
    /// let call = policy.retry_async(|| async { "7".parse::<u8>() }).owned();
    /// assert_eq!(tokio::spawn(call.into_future()).await.unwrap(), Ok(7));
    /// # Ok::<(), PolicyError>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn owned(self) -> Call<Policy, F, H, M, G>
    where
        P: AsRef<Policy>,
    {
        let Self { policy, target, hooks, mode, guards, draws, visible } = self;
        Call { policy: *policy.as_ref(), target, hooks, mode, guards, draws, visible }
    }

    /// Puts another target in place of this one.
    pub(crate) fn map_target<T>(self, change: impl FnOnce(F, &M) -> T) -> Call<P, T, H, M, G> {
        let Self { policy, target, hooks, mode, guards, draws, visible } = self;
        Call { policy, target: change(target, &mode), hooks, mode, guards, draws, visible }
    }

    #[inline]
    fn map_mode<N>(self, change: impl FnOnce(M) -> N) -> Call<P, F, H, N, G> {
        let Self { policy, target, hooks, mode, guards, draws, visible } = self;
        Call { policy, target, hooks, mode: change(mode), guards, draws, visible }
    }

    #[inline]
    pub(crate) fn map_guards<N>(self, change: impl FnOnce(G) -> N) -> Call<P, F, H, M, N> {
        let Self { policy, target, hooks, mode, guards, draws, visible } = self;
        Call { policy, target, hooks, mode, guards: change(guards), draws, visible }
    }

    #[inline]
    pub(crate) fn into_parts(self) -> (F, M::Signal, Session<P, M::Sleeper, H, G>)
    where
        M: Mode,
    {
        let (sleeper, signal) = self.mode.into_parts();
        let Self { policy, target, hooks, guards, draws, visible, .. } = self;
        (target, signal, Session::new(policy, sleeper, draws, hooks, guards, visible))
    }
}
