//! The place of a timer where no runtime's is enabled: what the compiler says there names the features.

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::Clock;
use crate::call::Call;
use crate::mode::Async;

/// Stands where a runtime's timer is needed and none is enabled. It is no [`AsyncSleeper`](crate::AsyncSleeper),
/// and an `.await` gives this type in place of the outcome, so that the compiler's message has its name.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnableFeatureTokioOrSmol;

impl Clock for EnableFeatureTokioOrSmol {}

/// The future of a call without a timer, which does not compile.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct NoTimer<T>(PhantomData<fn(T)>);

impl<T> Future for NoTimer<T> {
    type Output = EnableFeatureTokioOrSmol;

    #[allow(
        clippy::panic,
        reason = "the compiler evaluates it, wherever a program polls this future"
    )]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<EnableFeatureTokioOrSmol> {
        const {
            panic!(
                "there is no timer for async waits: enable the feature `tokio` or `smol` of `rebackoff`, on \
                 wasm32-unknown-unknown `browser`, or give a timer with `.sleeper(…)`"
            )
        }
    }
}

// A separate implementation: of a call that is no future, the compiler only says that, with a shortened type.
impl<P, F, H, C, G> IntoFuture for Call<P, F, H, Async<EnableFeatureTokioOrSmol, C>, G> {
    type Output = EnableFeatureTokioOrSmol;
    type IntoFuture = NoTimer<Self>;

    fn into_future(self) -> NoTimer<Self> {
        NoTimer(PhantomData)
    }
}
