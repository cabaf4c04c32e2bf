//! The setters of the signal that cancels a call.

use std::future::IntoFuture;

use super::Call;
use crate::mode::{Async, Blocking};
use crate::signal::{EndsCall, EndsWaits, Signal, WokenBy};
use crate::target::Target;

impl<P, F, H, S, G> Call<P, F, H, Blocking<S>, G> {
    /// Cancels the call when `signal` comes: its wait ends at once, and the last outcome comes back
    /// with [`Reason::Cancelled`](crate::Reason::Cancelled). A running try is not interrupted.
    ///
    /// On the system's clock the signal waits in place of the sleeper, which it could not wake. With a sleeper that has
    /// another clock, the sleeper waits, and the call looks at the signal after each wait.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use rebackoff::prelude::*;
    ///
    /// static FETCH: Policy = policy!(expo(factor = secs(3600)), jitter = Jitter::None);
    ///
    /// let (stop, stopped) = mpsc::channel::<()>();
    /// drop(stop); // elsewhere, when the program is to end
    /// let outcome = FETCH.retry(|| Err::<(), _>("down")).cancelled_by(&stopped).outcome();
    /// assert_eq!((outcome.result, outcome.reason), (Err("down"), Some(Reason::Cancelled)));
    /// ```
    pub fn cancelled_by<C>(self, signal: C) -> Call<P, F, H, Blocking<S, WokenBy<C>>, G>
    where
        C: Signal,
    {
        self.map_mode(|Blocking { sleeper, .. }| Blocking { sleeper, signal: WokenBy(signal) })
    }
}

impl<P, F, H, S, G> Call<P, F, H, Async<S>, G> {
    /// Cancels the call when the future `signal` is ready: its wait ends at once, and the last outcome
    /// comes back with [`Reason::Cancelled`](crate::Reason::Cancelled). A running try is not
    /// interrupted; [`cancelled_by_or`](Self::cancelled_by_or) ends it, too.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use rebackoff::prelude::*;
    ///
    /// static FETCH: Policy = policy!(expo(factor = secs(3600)), jitter = Jitter::None);
    ///
    /// let stop = std::future::ready(()); // the `cancelled()` of a token, for example
    /// let fetch = FETCH.retry_async(|| async { Err::<(), _>("down") });
    /// let outcome = fetch.cancelled_by(stop).outcome().await;
    /// assert_eq!((outcome.result, outcome.reason), (Err("down"), Some(Reason::Cancelled)));
    /// # });
    /// ```
    pub fn cancelled_by<C>(self, signal: C) -> Call<P, F, H, Async<S, EndsWaits<C::IntoFuture>>, G>
    where
        C: IntoFuture<Output = ()>,
    {
        let signal = EndsWaits { signal: signal.into_future() };
        self.map_mode(|Async { sleeper, .. }| Async { sleeper, signal })
    }

    /// Cancels the call when the future `signal` is ready, in a try as well: the try is dropped, and
    /// the call returns what `outcome` makes. In a wait the last outcome comes back.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
    /// use rebackoff::prelude::*;
    ///
    /// static FETCH: Policy = policy!(expo);
    ///
    /// let stop = tokio::time::sleep(secs(1)); // the `cancelled()` of a token, for example
    /// let fetch = FETCH.retry_async(|| std::future::pending::<Result<(), &str>>());
    /// let outcome = fetch.cancelled_by_or(stop, || Err("stopped")).outcome().await;
    /// assert_eq!((outcome.result, outcome.reason), (Err("stopped"), Some(Reason::Cancelled)));
    /// # });
    /// ```
    pub fn cancelled_by_or<C, T>(
        self,
        signal: C,
        outcome: T,
    ) -> Call<P, F, H, Async<S, EndsCall<C::IntoFuture, T>>, G>
    where
        F: Target<Async<S>>,
        C: IntoFuture<Output = ()>,
        T: FnMut() -> F::Outcome,
    {
        let signal = EndsCall { signal: signal.into_future(), outcome };
        self.map_mode(|Async { sleeper, .. }| Async { sleeper, signal })
    }
}
