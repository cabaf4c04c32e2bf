//! tokio-retry2, which is async alone.

use std::future::ready;
use std::hint::black_box;
use std::time::Duration;

use tokio_retry2::strategy::{ExponentialBackoff, MaxInterval, jitter};
use tokio_retry2::{Retry, RetryError};

use crate::clock::{self, PAUSE};
use crate::edges::{self, TEN};
use crate::work::{
    CAP, CROWD_CAP, CROWD_TRIES, Failure, RETRIES, TRIES, crowd, on_paused_tokio, on_tokio,
    succeed, target,
};
use crate::{Peer, row};

pub const PEER: Peer = Peer {
    rows: &[
        (row::ASYNC_SUCCESS, async_success),
        (row::ASYNC_RETRY_TIMER, async_retry_timer),
        (row::NEXT_WAIT, next_wait),
    ],
    future_bytes: Some(|| {
        size_of_val(&Retry::spawn(waits(500, CAP, TRIES), || transient(target(1))))
    }),
    crowd: Some(|| {
        crowd(|flaky| {
            Retry::spawn(waits(1, CROWD_CAP, CROWD_TRIES), move || transient(flaky.call()))
        });
    }),
    clocked: Some(|| {
        let waits = || waits(5, PAUSE, u64::MAX).max_duration(clock::LIMIT);
        on_tokio(1, |_| Retry::spawn(waits(), || transient(ready(clock::target()))));
    }),
    edges: &[
        (edges::GROWTH, || edges::growth(ExponentialBackoff::from_millis(2).factor(500))),
        (edges::LONGEST, || edges::longest(ExponentialBackoff::from_millis(u64::MAX).map(jitter))),
        (edges::AT_CAP, || edges::at_cap(waits(500, TEN, 10_000).skip(10))),
        (edges::TWO_SESSIONS, || edges::two_sessions(|| waits(500, TEN, 100))),
    ],
    ..Peer::named("tokio-retry2")
};

/// 2, 4, 8 … times `factor` milliseconds.
fn waits(
    factor: u64,
    cap: Duration,
    tries: u64,
) -> impl Iterator<Item = Duration> + Send + 'static {
    let waits = ExponentialBackoff::from_millis(2).factor(factor).max_delay(cap);
    black_box(waits).map(jitter).take(tries as usize - 1)
}

fn async_success(n: u64) {
    on_tokio(n, |i| {
        Retry::spawn(waits(500, CAP, TRIES), move || transient(async move { succeed(i) }))
    });
}

fn async_retry_timer(n: u64) {
    on_paused_tokio(n / RETRIES, |i| {
        Retry::spawn(waits(500, CAP, RETRIES + 1), move || transient(target(i)))
    });
}

fn next_wait(n: u64) {
    for _ in 0..n / RETRIES {
        for wait in waits(500, CAP, RETRIES + 1) {
            black_box(wait);
        }
    }
}

/// It wants its own error type around the target's.
async fn transient(
    target: impl Future<Output = Result<u64, Failure>>,
) -> Result<u64, RetryError<Failure>> {
    target.await.map_err(RetryError::transient)
}
