//! tokio-retry, which is async alone.

use std::future::ready;
use std::hint::black_box;
use std::time::Duration;

use tokio_retry::Retry;
use tokio_retry::strategy::{ExponentialBackoff, jitter};

use crate::clock::{self, PAUSE};
use crate::edges::{self, TEN};
use crate::work::{
    CAP, CROWD_CAP, CROWD_TRIES, RETRIES, TRIES, crowd, on_paused_tokio, on_tokio, succeed, target,
};
use crate::{Peer, row};

pub const PEER: Peer = Peer {
    rows: &[
        (row::ASYNC_SUCCESS, async_success),
        (row::ASYNC_RETRY_TIMER, async_retry_timer),
        (row::NEXT_WAIT, next_wait),
    ],
    future_bytes: Some(|| size_of_val(&Retry::start(waits(500, CAP, TRIES), || target(1)))),
    crowd: Some(|| {
        crowd(|flaky| Retry::start(waits(1, CROWD_CAP, CROWD_TRIES), move || flaky.call()));
    }),
    clocked: Some(|| {
        on_tokio(1, |_| Retry::start(waits(5, PAUSE, clock::TRIES), || ready(clock::target())));
    }),
    edges: &[
        (edges::GROWTH, || edges::growth(ExponentialBackoff::from_millis(2).factor(500))),
        (edges::LONGEST, || edges::longest(ExponentialBackoff::from_millis(u64::MAX).map(jitter))),
        (edges::AT_CAP, || edges::at_cap(waits(500, TEN, 10_000).skip(10))),
        (edges::TWO_SESSIONS, || edges::two_sessions(|| waits(500, TEN, 100))),
    ],
    ..Peer::named("tokio-retry")
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
    on_tokio(n, |i| Retry::start(waits(500, CAP, TRIES), move || async move { succeed(i) }));
}

fn async_retry_timer(n: u64) {
    on_paused_tokio(n / RETRIES, |i| Retry::start(waits(500, CAP, RETRIES + 1), move || target(i)));
}

fn next_wait(n: u64) {
    for _ in 0..n / RETRIES {
        for wait in waits(500, CAP, RETRIES + 1) {
            black_box(wait);
        }
    }
}
