//! backon. Its jitter is w + U(0, w).

use std::future::IntoFuture;
use std::hint::black_box;
use std::time::Duration;

use backon::{BackoffBuilder, BlockingRetryable, ExponentialBuilder, Retryable};

use crate::clock::{self, PAUSE};
use crate::edges::{self, TEN};
use crate::work::{
    CAP, CROWD_CAP, CROWD_FIRST, CROWD_TRIES, FIRST, RETRIES, TRIES, block_on, crowd, fail,
    no_sleep, on_paused_tokio, on_tokio, succeed, target,
};
use crate::{Peer, row};

pub const PEER: Peer = Peer {
    rows: &[
        (row::BLOCKING_SUCCESS, blocking_success),
        (row::BLOCKING_RETRY, blocking_retry),
        (row::ASYNC_SUCCESS, async_success),
        (row::ASYNC_RETRY, async_retry),
        (row::ASYNC_RETRY_TIMER, async_retry_timer),
        (row::NEXT_WAIT, next_wait),
    ],
    future_bytes: Some(|| {
        size_of_val(&(|| target(1)).retry(builder(FIRST, CAP, TRIES)).into_future())
    }),
    crowd: Some(|| {
        crowd(|flaky| async move {
            let builder = builder(CROWD_FIRST, CROWD_CAP, CROWD_TRIES);
            (|| flaky.call()).retry(builder).await
        });
    }),
    clocked: Some(|| {
        let builder = builder(PAUSE, PAUSE, TRIES).without_max_times();
        clock::target.retry(builder.with_total_delay(Some(clock::LIMIT))).call().ok();
    }),
    edges: &[
        (edges::GROWTH, || {
            let uncapped = ExponentialBuilder::default().without_max_delay().without_max_times();
            edges::growth(uncapped.build())
        }),
        (edges::LONGEST, || {
            let uncapped = ExponentialBuilder::default().with_min_delay(Duration::MAX);
            edges::longest(uncapped.without_max_delay().with_jitter().build())
        }),
        (edges::AT_CAP, || edges::at_cap(builder(TEN, TEN, 10_000).build())),
        (edges::TWO_SESSIONS, || edges::two_sessions(|| builder(TEN, TEN, 100).build())),
    ],
    ..Peer::named("backon")
};

fn builder(first: Duration, cap: Duration, tries: u64) -> ExponentialBuilder {
    let builder = ExponentialBuilder::new().with_min_delay(first).with_max_delay(cap);
    black_box(builder.with_jitter().with_max_times(tries as usize - 1))
}

fn blocking_success(n: u64) {
    let builder = builder(FIRST, CAP, TRIES);
    for i in 0..n {
        black_box((|| succeed(i)).retry(builder).sleep(no_sleep).call()).ok();
    }
}

fn blocking_retry(n: u64) {
    let builder = builder(FIRST, CAP, RETRIES + 1);
    for i in 0..n / RETRIES {
        black_box((|| fail(i)).retry(builder).sleep(no_sleep).call()).ok();
    }
}

fn async_success(n: u64) {
    let builder = builder(FIRST, CAP, TRIES);
    on_tokio(n, |i| (move || async move { succeed(i) }).retry(builder).into_future());
}

fn async_retry(n: u64) {
    let builder = builder(FIRST, CAP, RETRIES + 1);
    let sleep = |wait| async move { no_sleep(wait) };
    for i in 0..n / RETRIES {
        let call = (|| async move { fail(i) }).retry(builder).sleep(sleep);
        black_box(block_on(call.into_future())).ok();
    }
}

fn async_retry_timer(n: u64) {
    let builder = builder(FIRST, CAP, RETRIES + 1);
    on_paused_tokio(n / RETRIES, |i| (move || target(i)).retry(builder).into_future());
}

fn next_wait(n: u64) {
    let builder = builder(FIRST, CAP, RETRIES + 1);
    for _ in 0..n / RETRIES {
        for wait in builder.build() {
            black_box(wait);
        }
    }
}
