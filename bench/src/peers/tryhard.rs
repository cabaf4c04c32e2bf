//! tryhard, which is async alone and has no jitter.

use std::future::ready;
use std::hint::black_box;
use std::time::Duration;

use tokio::time::Instant;
use tryhard::backoff_strategies::{BackoffStrategy, ExponentialBackoff};
use tryhard::{NoOnRetry, RetryFutureConfig, retry_fn};

use crate::clock::{self, PAUSE};
use crate::edges::{self, TEN, WAITS};
use crate::work::{
    CAP, CROWD_CAP, CROWD_FIRST, CROWD_TRIES, FIRST, RETRIES, TRIES, crowd, on_paused_tokio,
    on_tokio, paused, succeed, target,
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
    clocked: Some(|| {
        let config = config(PAUSE, PAUSE, clock::TRIES);
        on_tokio(1, |_| retry_fn(|| ready(clock::target())).with_config(config));
    }),
    edges: &[
        (edges::GROWTH, || edges::growth(waits(FIRST))),
        (edges::LONGEST, || edges::longest(waits(Duration::MAX))),
        (edges::AT_CAP, || edges::at_cap(slept(TEN, WAITS))),
        (edges::TWO_SESSIONS, || edges::two_sessions(|| slept(TEN, 8))),
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

/// The waits of one call that fails until its last try, by tokio's paused clock.
fn slept(cap: Duration, waits: usize) -> impl Iterator<Item = Duration> {
    let mut begun = Vec::new();
    paused(async {
        let try_at = || {
            begun.push(Instant::now());
            target(1)
        };
        retry_fn(try_at).with_config(config(TEN, cap, waits as u64 + 1)).await.ok();
    });
    let waits: Vec<_> = begun.windows(2).map(|pair| pair[1] - pair[0]).collect();
    waits.into_iter()
}

fn async_success(n: u64) {
    let config = config(FIRST, CAP, TRIES);
    on_tokio(n, |i| retry_fn(move || async move { succeed(i) }).with_config(config));
}

fn async_retry_timer(n: u64) {
    let config = config(FIRST, CAP, RETRIES + 1);
    on_paused_tokio(n / RETRIES, |i| retry_fn(move || target(i)).with_config(config));
}
