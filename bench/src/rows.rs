//! One row of the table is one of these functions, called n times: what two runs of n and 2n calls
//! differ by is what n calls cost.

use std::future::{Future, IntoFuture};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rebackoff::prelude::*;
use rebackoff::{Draws, Engine, Seconds, Step, sleep_fn};

use crate::hand::Config;

#[derive(Debug)]
pub struct Failure(#[allow(dead_code, reason = "only its size counts")] u64);

pub fn policy() -> Policy {
    black_box(policy!(expo(max_value = secs(30)), max_tries = 8))
}

pub fn config() -> Config {
    black_box(Config { base: 2.0, factor: 1.0, max_value: 30.0, max_tries: 8 })
}

#[inline]
fn succeed(i: u64) -> Result<u64, Failure> {
    black_box(Ok(i))
}

#[inline]
fn fail(i: u64) -> Result<u64, Failure> {
    black_box(Err(Failure(i)))
}

fn no_sleep(wait: Duration) {
    black_box(wait);
}

pub fn blocking_success_bare(n: u64) {
    for i in 0..n {
        black_box(succeed(i)).ok();
    }
}

pub fn blocking_success_hand(n: u64) {
    let config = config();
    for i in 0..n {
        black_box(config.blocking(|| succeed(i), no_sleep)).ok();
    }
}

pub fn blocking_success_rebackoff(n: u64) {
    let policy = policy();
    for i in 0..n {
        black_box(policy.retry(|| succeed(i)).call()).ok();
    }
}

pub fn blocking_retry_bare(n: u64) {
    for i in 0..n {
        black_box(fail(i)).ok();
    }
}

/// A call of the retry rows fails so many times, so that what it costs to begin one hardly counts.
const RETRIES: u64 = 100;

fn patient_policy() -> Policy {
    black_box(policy!(expo(max_value = secs(30)), max_tries = RETRIES + 1))
}

fn patient_config() -> Config {
    black_box(Config { max_tries: RETRIES + 1, ..config() })
}

pub fn blocking_retry_hand(n: u64) {
    let config = patient_config();
    for i in 0..n / RETRIES {
        black_box(config.blocking(|| fail(i), no_sleep)).ok();
    }
}

pub fn blocking_retry_rebackoff(n: u64) {
    let policy = patient_policy();
    for i in 0..n / RETRIES {
        black_box(policy.retry(|| fail(i)).sleeper(sleep_fn(no_sleep)).call()).ok();
    }
}

/// Uniform draws as both sides make them.
struct Unit(fastrand::Rng);

impl Draws for Unit {
    #[inline]
    fn uniform(&mut self) -> f64 {
        (self.0.u64(..) >> 11) as f64 * (f64::EPSILON / 2.0)
    }
}

pub fn next_wait_hand(n: u64) {
    let config = config();
    let mut draws = Unit(fastrand::Rng::with_seed(1));
    for _ in 0..n / RETRIES {
        let mut raw = config.factor;
        for _ in 0..RETRIES {
            black_box(config.next_wait(&mut raw, draws.uniform()));
        }
    }
}

pub fn next_wait_rebackoff(n: u64) {
    let policy = patient_policy();
    let mut draws = Unit(fastrand::Rng::with_seed(1));
    for _ in 0..n / RETRIES {
        let mut engine = Engine::new();
        for _ in 0..RETRIES {
            let step = engine.handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut draws);
            if let Step::Retry { wait } = step {
                black_box(wait.to_duration());
            }
        }
    }
}

/// Polls on this thread until it is ready, as a runtime's `block_on` does.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

pub fn async_success_bare(n: u64) {
    current_thread(async move {
        for i in 0..n {
            black_box(async move { succeed(i) }.await).ok();
        }
    });
}

pub fn async_success_hand(n: u64) {
    let config = config();
    current_thread(async move {
        for i in 0..n {
            black_box(config.r#async(|| async move { succeed(i) }, tokio::time::sleep).await).ok();
        }
    });
}

pub fn async_success_rebackoff(n: u64) {
    let policy = policy();
    current_thread(async move {
        for i in 0..n {
            black_box(policy.retry_async(|| async move { succeed(i) }).await).ok();
        }
    });
}

fn current_thread(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(future);
}

pub fn async_retry_hand(n: u64) {
    let config = patient_config();
    let sleep = |wait| async move { no_sleep(wait) };
    for i in 0..n / RETRIES {
        black_box(block_on(config.r#async(|| async move { fail(i) }, sleep))).ok();
    }
}

pub fn async_retry_rebackoff(n: u64) {
    let policy = patient_policy();
    let sleep = sleep_fn(|wait| async move { no_sleep(wait) });
    for i in 0..n / RETRIES {
        let call = policy.retry_async(|| async move { fail(i) }).sleeper(sleep);
        black_box(block_on(call.into_future())).ok();
    }
}

/// A row by its name.
pub type Row = (&'static str, fn(u64));

/// Every row that is counted in instructions.
pub const COUNTED: [Row; 13] = [
    ("blocking_success_bare", blocking_success_bare),
    ("blocking_success_hand", blocking_success_hand),
    ("blocking_success_rebackoff", blocking_success_rebackoff),
    ("blocking_retry_bare", blocking_retry_bare),
    ("blocking_retry_hand", blocking_retry_hand),
    ("blocking_retry_rebackoff", blocking_retry_rebackoff),
    ("next_wait_hand", next_wait_hand),
    ("next_wait_rebackoff", next_wait_rebackoff),
    ("async_success_bare", async_success_bare),
    ("async_success_hand", async_success_hand),
    ("async_success_rebackoff", async_success_rebackoff),
    ("async_retry_hand", async_retry_hand),
    ("async_retry_rebackoff", async_retry_rebackoff),
];
