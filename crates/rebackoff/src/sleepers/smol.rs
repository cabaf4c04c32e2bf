use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_io::Timer;

use crate::{AsyncSleeper, Clock};

/// Waits with the timer of smol (async-io), by the system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SmolSleeper;

impl Clock for SmolSleeper {}

impl AsyncSleeper for SmolSleeper {
    type Sleep = SmolSleep;

    #[inline]
    fn sleep(&self, wait: Duration) -> SmolSleep {
        SmolSleep(Timer::after(wait))
    }
}

/// One wait of a [`SmolSleeper`].
#[derive(Debug)]
pub struct SmolSleep(Timer);

impl Future for SmolSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        ready!(Pin::new(&mut self.0).poll(context));
        Poll::Ready(())
    }
}
