//! backon. Its jitter is w + U(0, w).

use std::error::Error;
use std::future::IntoFuture;
use std::hint::black_box;
use std::io;
use std::time::Duration;

use backon::{BackoffBuilder, BlockingRetryable, ExponentialBuilder, Retryable};

use crate::clock::{self, PAUSE};
use crate::edges::{self, TEN};
use crate::work::{
    CAP, CROWD_CAP, CROWD_FIRST, CROWD_TRIES, FIRST, Failure, LIMIT, RETRIES, TRIES, block_on,
    crowd, fail, no_sleep, on_paused_tokio, on_tokio, repeat, succeed, target,
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
    options: &[
        (row::MAX_TIME, |n| {
            let builder = limited();
            repeat(n, |i| (|| succeed(i)).retry(builder).sleep(no_sleep).call());
        }),
        (row::MAX_TIME_ASYNC, |n| {
            let builder = limited();
            on_tokio(n, |i| (move || async move { succeed(i) }).retry(builder).into_future());
        }),
        (row::ON_BACKOFF, |n| {
            let builder = builder(FIRST, CAP, TRIES);
            repeat(n, |i| (|| succeed(i)).retry(builder).sleep(no_sleep).notify(note).call());
        }),
        (row::ON_BACKOFF_ASYNC, |n| {
            let builder = builder(FIRST, CAP, TRIES);
            on_tokio(n, |i| {
                (move || async move { succeed(i) }).retry(builder).notify(note).into_future()
            });
        }),
        (row::ON_BACKOFF_RETRY, |n| {
            let builder = builder(FIRST, CAP, RETRIES + 1);
            repeat(n / RETRIES, |i| {
                (|| fail(i)).retry(builder).sleep(no_sleep).notify(note).call()
            });
        }),
        (row::IO_STRING, |n| typed::<_, io::Error>(n, |_| String::new())),
        (row::BOXED_ERROR, |n| typed::<_, Box<dyn Error>>(n, |i| i)),
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

/// The sum of its waits is limited.
fn limited() -> ExponentialBuilder {
    black_box(builder(FIRST, CAP, TRIES).with_total_delay(Some(LIMIT)))
}

fn note(_: &Failure, wait: Duration) {
    black_box(wait);
}

fn typed<T, E>(n: u64, value: impl Fn(u64) -> T + Copy) {
    let builder = builder(FIRST, CAP, TRIES);
    on_tokio(n, |i| {
        (move || async move { black_box(Ok::<T, E>(value(i))) }).retry(builder).into_future()
    });
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
