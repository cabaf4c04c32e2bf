//! Attributes, loops of the caller's own, timeouts of tries, and guards by key.

use std::future::IntoFuture;
use std::hint::black_box;
use std::num::NonZeroU64;
use std::time::Duration;

use rebackoff::engine::{Engine, Step};
use rebackoff::prelude::*;
use rebackoff::{Keyed, on_error, sleep_fn};
use rebackoff_core::{Cost, Seconds};

use super::{Unit, bucket, clock, policy};
use crate::peer::{Named, Run, Shared, row};
use crate::work::{
    CAP, FIRST, Failure, LIMIT, RETRIES, TRIES, block_on, fail, keyed, no_sleep, on_tokio, repeat,
    succeed, target,
};

pub const ROWS: &[Named<Run>] = &[
    (row::ATTRIBUTE, |n| repeat(n, attributed)),
    (row::ATTRIBUTE_RETRY, |n| repeat(n / RETRIES, attributed_and_failing)),
    (row::ASYNC_LOOP_RETRY, |n| {
        let policy = policy(RETRIES + 1);
        repeat(n / RETRIES, |i| block_on(in_a_loop(&policy, i)));
    }),
    (row::TIMEOUT, |n| {
        let policy = policy(TRIES);
        on_tokio(n, |i| {
            let call = policy.retry_async(move || async move { succeed(i) });
            call.timeout(LIMIT, |_| Err(Failure(0))).into_future()
        });
    }),
    (row::NEXT_WAIT_BARE, |n| {
        let wait = expo().factor(FIRST).max_value(CAP);
        let policy = Policy::new(wait).jitter(Jitter::None).max_tries(RETRIES + 1).build();
        let policy = black_box(policy.unwrap());
        let mut draws = Unit(fastrand::Rng::with_seed(1));
        for _ in 0..n / RETRIES {
            let mut engine = Engine::new();
            for _ in 0..RETRIES {
                engine.handle_try();
                let step =
                    engine.handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut draws);
                if let Step::Retry { wait, .. } = step {
                    black_box(wait.to_duration());
                }
            }
        }
    }),
];

pub const TIMED: &[Named<fn() -> Shared>] = &[
    (row::KEYED, || keyed(1_000, 1, guards(1_000))),
    (row::KEYED_MANY, || keyed(100_000, 1, guards(100_000))),
    (row::KEYED_TWO_THREADS, || keyed(1_000, 2, guards(1_000))),
    (row::BUCKET_TIME, || withdraw(clock())),
    (row::BUCKET_FAST_CLOCK, || {
        let clock = quanta::Clock::new();
        let start = clock.now();
        withdraw(move || clock.now().duration_since(start))
    }),
];

// Both stand in the loop of their row, as the closures of the row by hand do.
#[on_error(expo(factor = FIRST, max_value = CAP), max_tries = TRIES)]
#[inline]
fn attributed(i: u64) -> Result<u64, Failure> {
    succeed(i)
}

#[on_error(expo(factor = FIRST, max_value = CAP), max_tries = RETRIES + 1, sleeper = sleep_fn(no_sleep))]
#[inline]
fn attributed_and_failing(i: u64) -> Result<u64, Failure> {
    fail(i)
}

/// The bytes of the future of a loop of the caller's own.
pub fn loop_bytes() -> usize {
    async fn in_a_loop(policy: &Policy, i: u64) -> Result<u64, Failure> {
        let mut tries = policy.tries_async();
        loop {
            match target(i).await {
                Ok(value) => return Ok(value),
                Err(error) => tries.backoff(error).await?,
            }
        }
    }
    size_of_val(&in_a_loop(&policy(TRIES), 1))
}

async fn in_a_loop(policy: &Policy, i: u64) -> Result<u64, Failure> {
    let mut tries = policy.tries_async().sleeper(sleep_fn(|wait| async move { no_sleep(wait) }));
    loop {
        match target(i).await {
            Ok(value) => return Ok(value),
            Err(error) => tries.backoff(error).await?,
        }
    }
}

fn guards(capacity: u64) -> impl Fn(&String) + Send + Sync {
    let capacity = NonZeroU64::new(capacity).unwrap();
    let guards = Keyed::<String, Budget>::new(capacity, |_| bucket());
    move |key| drop(black_box(guards.get(key.as_str())))
}

fn withdraw(now: impl Fn() -> Duration + Send + Sync + 'static) -> Shared {
    let budget = bucket();
    Box::new(move |n| {
        for _ in 0..n {
            assert!(black_box(budget.withdraw_at(Cost::Retry, &now)).is_ok());
        }
    })
}
