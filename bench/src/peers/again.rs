//! again, which is async alone and has a timer thread of its own: no paused clock moves it, and it
//! does not show its waits. So a retry is counted with waits of zero alone.

use std::error::Error;
use std::fmt::Debug;
use std::future::ready;
use std::hint::black_box;
use std::io;
use std::time::Duration;

use again::RetryPolicy;

use crate::clock::{self, PAUSE};
use crate::work::{
    CAP, CROWD_CAP, CROWD_FIRST, CROWD_TRIES, FIRST, TRIES, crowd, on_tokio, succeed, target,
};
use crate::{Peer, row};

pub const PEER: Peer = Peer {
    rows: &[(row::ASYNC_SUCCESS, async_success), (row::ZERO_WAIT, zero_wait)],
    options: &[
        (row::IO_STRING, |n| typed::<_, io::Error>(n, |_| String::new())),
        (row::BOXED_ERROR, |n| typed::<_, Box<dyn Error>>(n, |i| i)),
    ],
    future_bytes: Some(|| size_of_val(&policy(FIRST, CAP, TRIES).retry(|| target(1)))),
    crowd: Some(|| {
        crowd(|flaky| async move {
            policy(CROWD_FIRST, CROWD_CAP, CROWD_TRIES).retry(|| flaky.call()).await
        });
    }),
    clocked: Some(|| {
        let policy = policy(PAUSE, PAUSE, clock::TRIES);
        on_tokio(1, |_| policy.retry(|| ready(clock::target())));
    }),
    ..Peer::named("again")
};

fn policy(first: Duration, cap: Duration, tries: u64) -> RetryPolicy {
    let policy = RetryPolicy::exponential(first).with_max_delay(cap).with_jitter(true);
    black_box(policy.with_max_retries(tries as usize - 1))
}

fn async_success(n: u64) {
    let policy = &policy(FIRST, CAP, TRIES);
    on_tokio(n, |i| policy.retry(move || async move { succeed(i) }));
}

fn typed<T, E: Debug>(n: u64, value: impl Fn(u64) -> T + Copy) {
    let policy = &policy(FIRST, CAP, TRIES);
    on_tokio(n, |i| policy.retry(move || async move { black_box(Ok::<T, E>(value(i))) }));
}

fn zero_wait(n: u64) {
    let policy = RetryPolicy::fixed(Duration::ZERO).with_max_retries(n as usize);
    on_tokio(1, |i| policy.retry(move || target(i)));
}
