//! retry, which is blocking alone.

use std::hint::black_box;
use std::time::Duration;

use retry::delay::{Exponential, jitter};

use crate::clock;
use crate::edges::{self, TEN};
use crate::work::{CAP, FIRST, RETRIES, TRIES, fail, no_wait, succeed};
use crate::{Peer, row};

pub const PEER: Peer = Peer {
    rows: &[
        (row::BLOCKING_SUCCESS, blocking_success),
        (row::BLOCKING_RETRY, blocking_retry),
        (row::NEXT_WAIT, next_wait),
    ],
    clocked: Some(|| {
        let waits = waits(clock::PAUSE, clock::PAUSE).take(clock::TRIES as usize - 1);
        retry::retry(waits, clock::target).ok();
    }),
    edges: &[
        (edges::GROWTH, || edges::growth(Exponential::from_millis(1000))),
        (edges::LONGEST, || edges::longest(Exponential::from_millis(u64::MAX).map(jitter))),
        (edges::AT_CAP, || edges::at_cap(waits(TEN, TEN))),
        (edges::TWO_SESSIONS, || edges::two_sessions(|| waits(TEN, TEN))),
    ],
    ..Peer::named("retry")
};

/// It has no cap of its own.
fn waits(first: Duration, cap: Duration) -> impl Iterator<Item = Duration> {
    black_box(Exponential::from(first)).map(move |wait| wait.min(cap)).map(jitter)
}

fn blocking_success(n: u64) {
    for i in 0..n {
        let waits = waits(FIRST, CAP).map(no_wait).take(TRIES as usize - 1);
        black_box(retry::retry(waits, || succeed(i))).ok();
    }
}

fn blocking_retry(n: u64) {
    for i in 0..n / RETRIES {
        let waits = waits(FIRST, CAP).map(no_wait).take(RETRIES as usize);
        black_box(retry::retry(waits, || fail(i))).ok();
    }
}

fn next_wait(n: u64) {
    for _ in 0..n / RETRIES {
        for wait in waits(FIRST, CAP).take(RETRIES as usize) {
            black_box(wait);
        }
    }
}
