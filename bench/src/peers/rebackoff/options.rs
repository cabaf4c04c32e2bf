//! Calls with a limit on time, a handler, a breaker, calls inside, or an outcome of more than two words.

use std::error::Error;
use std::future::IntoFuture;
use std::hint::black_box;
use std::io;

use rebackoff::prelude::*;
use rebackoff::{Guarded, sleep_fn};

use super::{MONTH, policy};
use crate::peer::{Named, Run, row};
use crate::work::{
    CAP, FIRST, Failure, LIMIT, RETRIES, TRIES, fail, no_sleep, on_tokio, repeat, succeed,
};

pub const ROWS: &[Named<Run>] = &[
    (row::MAX_TIME, |n| {
        let policy = limited();
        repeat(n, |i| policy.retry(|| succeed(i)).call());
    }),
    (row::MAX_TIME_ASYNC, |n| {
        let policy = limited();
        on_tokio(n, |i| policy.retry_async(move || async move { succeed(i) }).into_future());
    }),
    (row::ON_BACKOFF, |n| {
        let policy = policy(TRIES);
        repeat(n, |i| policy.retry(|| succeed(i)).on_backoff(note).call());
    }),
    (row::ON_BACKOFF_ASYNC, |n| {
        let policy = policy(TRIES);
        on_tokio(n, |i| {
            policy.retry_async(move || async move { succeed(i) }).on_backoff(note).into_future()
        });
    }),
    (row::ON_GIVEUP, |n| {
        let policy = policy(TRIES);
        repeat(n, |i| policy.retry(|| succeed(i)).on_giveup(note).call());
    }),
    (row::ON_GIVEUP_ASYNC, |n| {
        let policy = policy(TRIES);
        on_tokio(n, |i| {
            policy.retry_async(move || async move { succeed(i) }).on_giveup(note).into_future()
        });
    }),
    (row::ON_BACKOFF_RETRY, |n| {
        let policy = policy(RETRIES + 1);
        let sleep = sleep_fn(no_sleep);
        repeat(n / RETRIES, |i| policy.retry(|| fail(i)).sleeper(sleep).on_backoff(note).call());
    }),
    (row::BREAKER_CALL, |n| {
        let breaker = Breaker::builder().build().unwrap();
        let guarded = Guarded::new(policy(TRIES), &breaker);
        repeat(n, |i| guarded.retry(|| succeed(i)).call());
    }),
    (row::BREAKER_CALL_REJECTED, |n| {
        let breaker = Breaker::builder().consecutive(1).open_for(MONTH).build().unwrap();
        let guarded = Guarded::new(policy(TRIES), &breaker);
        guarded.retry(|| fail(0)).call().unwrap_err();
        repeat(n, |i| guarded.retry(|| succeed(i)).call());
    }),
    (row::NESTED[0], |n| nested(n, 0)),
    (row::NESTED[1], |n| nested(n, 1)),
    (row::NESTED[2], |n| nested(n, 2)),
    (row::NESTED[3], |n| nested(n, 3)),
    (row::NESTED[4], |n| nested(n, 4)),
    (row::NESTED[5], |n| nested(n, 5)),
    (row::NESTED[6], |n| nested(n, 6)),
    (row::IO_STRING, |n| typed::<_, io::Error>(n, |_| String::new())),
    (row::BOXED_ERROR, |n| typed::<_, Box<dyn Error>>(n, |i| i)),
];

fn limited() -> Policy {
    let wait = expo().factor(FIRST).max_value(CAP);
    black_box(Policy::new(wait).max_tries(TRIES).max_time(LIMIT).build().unwrap())
}

/// A handler that does not ask for the time.
fn note(event: &Event<'_, Result<u64, Failure>>) {
    black_box(event.tries);
}

fn nested(n: u64, depth: u64) {
    fn call(policy: &Policy, depth: u64) -> Result<u64, Failure> {
        match depth {
            0 => succeed(depth),
            _ => policy.retry(|| call(policy, depth - 1)).call(),
        }
    }
    let policy = limited();
    repeat(n, |_| call(&policy, black_box(depth)));
}

fn typed<T, E>(n: u64, value: impl Fn(u64) -> T + Copy) {
    let policy = policy(TRIES);
    on_tokio(n, |i| {
        policy.retry_async(move || async move { black_box(Ok::<T, E>(value(i))) }).into_future()
    });
}
