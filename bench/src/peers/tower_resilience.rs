//! tower-resilience, which is async alone; its futures are boxed. Its jitter is w · (1 ± 1).

use std::future::ready;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tower::{Layer, Service, ServiceExt, service_fn};
use tower_resilience::circuitbreaker::CircuitBreakerLayer;
use tower_resilience::retry::{
    ExponentialBackoff, ExponentialRandomBackoff, IntervalFunction, RetryBudgetBuilder, RetryLayer,
};

use crate::clock::{self, PAUSE};
use crate::edges::{self, TEN};
use crate::peer::Shared;
use crate::work::{
    CAP, CROWD_CAP, CROWD_FIRST, CROWD_TRIES, FIRST, Failure, RETRIES, TRIES, block_on, crowd,
    on_paused_tokio, on_tokio, succeed, target,
};
use crate::{Peer, row};

pub const PEER: Peer = Peer {
    rows: &[
        (row::ASYNC_SUCCESS, async_success),
        (row::ASYNC_RETRY_TIMER, async_retry_timer),
        (row::NEXT_WAIT, next_wait),
    ],
    shared: &[
        (row::BUCKET, || withdraw(1e6, 1_000_000, true)),
        (row::BUCKET_REFUSED, || withdraw(0.0, 1, false)),
        (row::BREAKER_RATE, breaker_success),
    ],
    future_bytes: Some(|| size_of_val(&layer(FIRST, CAP, TRIES).layer(service_fn(target)).call(1))),
    crowd: Some(|| {
        let layer = layer(CROWD_FIRST, CROWD_CAP, CROWD_TRIES);
        crowd(|flaky| layer.layer(service_fn(move |_| flaky.call())).oneshot(1));
    }),
    clocked: Some(|| {
        let layer = layer(PAUSE, PAUSE, clock::TRIES);
        let mut service = layer.layer(service_fn(|_| ready(clock::target())));
        on_tokio(1, |_| service.call(1));
    }),
    edges: &[
        (edges::GROWTH, || edges::growth(waits(ExponentialBackoff::new(FIRST)))),
        (edges::LONGEST, || {
            edges::longest(waits(ExponentialRandomBackoff::new(Duration::MAX, 1.0).unwrap()))
        }),
        (edges::AT_CAP, || edges::at_cap(waits(backoff(TEN, TEN)))),
        (edges::TWO_SESSIONS, || edges::two_sessions(|| waits(backoff(TEN, TEN)))),
        (edges::HALF_OPEN, half_open),
    ],
    ..Peer::named("tower-resilience")
};

fn backoff(first: Duration, cap: Duration) -> ExponentialRandomBackoff {
    black_box(ExponentialRandomBackoff::new(first, 1.0).unwrap().max_interval(cap))
}

fn layer(first: Duration, cap: Duration, tries: u64) -> RetryLayer<u64, u64, Failure> {
    let builder = RetryLayer::<u64, u64, Failure>::builder().max_attempts(tries as usize);
    builder.backoff(backoff(first, cap)).build()
}

fn waits(backoff: impl IntervalFunction) -> impl Iterator<Item = Duration> {
    (0..).map(move |attempt| backoff.next_interval(attempt))
}

fn async_success(n: u64) {
    let service = service_fn(|i| async move { succeed(i) });
    let mut service = layer(FIRST, CAP, TRIES).layer(service);
    on_tokio(n, |i| service.call(i));
}

fn async_retry_timer(n: u64) {
    let mut service = layer(FIRST, CAP, RETRIES + 1).layer(service_fn(target));
    on_paused_tokio(n / RETRIES, |i| service.call(i));
}

fn next_wait(n: u64) {
    let backoff = backoff(FIRST, CAP);
    for _ in 0..n / RETRIES {
        for attempt in 0..RETRIES as usize {
            black_box(backoff.next_interval(attempt));
        }
    }
}

fn withdraw(rate: f64, tokens: usize, permitted: bool) -> Shared {
    let builder = RetryBudgetBuilder::new().token_bucket().tokens_per_second(rate);
    let budget = builder.max_tokens(tokens).build().unwrap();
    if !permitted {
        budget.try_withdraw();
    }
    Box::new(move |n| {
        for _ in 0..n {
            assert_eq!(black_box(budget.try_withdraw()), permitted);
        }
    })
}

fn breaker_success() -> Shared {
    let builder = CircuitBreakerLayer::builder().failure_rate_threshold(0.5);
    let layer = builder.sliding_window_size(100).build().unwrap();
    let service = layer.layer_fn(service_fn(|i| async move { succeed(i) }));
    Box::new(move |n| {
        let mut service = service.clone();
        for i in 0..n {
            black_box(block_on(async {
                std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
                service.call(i).await
            }))
            .ok();
        }
    })
}

fn half_open() -> String {
    let builder = CircuitBreakerLayer::builder().failure_rate_threshold(0.5);
    let builder = builder.wait_duration_in_open(Duration::from_millis(1));
    let layer = builder.permitted_calls_in_half_open(1).build().unwrap();
    let admitted = Arc::new(AtomicUsize::new(0));
    let counter = admitted.clone();
    let service = layer.layer_fn(service_fn(move |_: u64| {
        counter.fetch_add(1, Relaxed);
        std::future::pending::<Result<u64, Failure>>()
    }));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        service.force_open().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        for i in 0..10 {
            tokio::spawn(service.clone().oneshot(i));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    });
    edges::half_open(admitted.load(Relaxed))
}
