//! again, which is async alone and has a timer thread of its own: no paused clock moves it, and it
//! does not show its waits.

use std::hint::black_box;
use std::time::Duration;

use again::RetryPolicy;

use crate::edges;
use crate::work::{
    CAP, CROWD_CAP, CROWD_FIRST, CROWD_TRIES, FIRST, TRIES, crowd, on_tokio, succeed, target,
};
use crate::{Peer, row};

pub const PEER: Peer = Peer {
    rows: &[(row::ASYNC_SUCCESS, async_success)],
    future_bytes: Some(|| size_of_val(&policy(FIRST, CAP, TRIES).retry(|| target(1)))),
    crowd: Some(|| {
        crowd(|flaky| async move {
            policy(CROWD_FIRST, CROWD_CAP, CROWD_TRIES).retry(|| flaky.call()).await
        });
    }),
    edges: &[(edges::CLOCK_STEP, || "nothing: reads no clock".to_owned())],
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
