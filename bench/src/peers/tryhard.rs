//! tryhard, which is async alone and has no jitter.

use std::hint::black_box;
use std::time::Duration;

use tryhard::backoff_strategies::{BackoffStrategy, ExponentialBackoff};
use tryhard::{NoOnRetry, RetryFutureConfig, retry_fn};

use crate::edges;
use crate::work::{
    CAP, CROWD_CAP, CROWD_FIRST, CROWD_TRIES, FIRST, RETRIES, TRIES, crowd, on_paused_tokio,
    on_tokio, succeed, target,
};
use crate::{Peer, row};

pub const PEER: Peer = Peer {
    rows: &[(row::ASYNC_SUCCESS, async_success), (row::ASYNC_RETRY_TIMER, async_retry_timer)],
    future_bytes: Some(|| {
        size_of_val(&retry_fn(|| target(1)).with_config(config(FIRST, CAP, TRIES)))
    }),
    crowd: Some(|| {
        let config = config(CROWD_FIRST, CROWD_CAP, CROWD_TRIES);
        crowd(|flaky| retry_fn(move || flaky.call()).with_config(config));
    }),
    edges: &[
        (edges::GROWTH, || edges::growth(waits(FIRST))),
        (edges::LONGEST, || edges::longest(waits(Duration::MAX))),
        (edges::AT_CAP, || "no jitter".to_owned()),
        (edges::TWO_SESSIONS, || "the same waits: no jitter".to_owned()),
        (edges::CLOCK_STEP, || "nothing: reads no clock".to_owned()),
    ],
    ..Peer::named("tryhard")
};

fn config(
    first: Duration,
    cap: Duration,
    tries: u64,
) -> RetryFutureConfig<ExponentialBackoff, NoOnRetry> {
    let config = RetryFutureConfig::new(tries as u32 - 1).exponential_backoff(first);
    black_box(config.max_delay(cap))
}

fn waits(first: Duration) -> impl Iterator<Item = Duration> {
    let mut backoff = ExponentialBackoff::new(first);
    std::iter::from_fn(move || Some(BackoffStrategy::<()>::delay(&mut backoff, 1, &())))
}

fn async_success(n: u64) {
    let config = config(FIRST, CAP, TRIES);
    on_tokio(n, |i| retry_fn(move || async move { succeed(i) }).with_config(config));
}

fn async_retry_timer(n: u64) {
    let config = config(FIRST, CAP, RETRIES + 1);
    on_paused_tokio(n / RETRIES, |i| retry_fn(move || target(i)).with_config(config));
}
