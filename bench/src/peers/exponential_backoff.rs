//! exponential-backoff, which gives waits and leaves the loop to its user. Its jitter is
//! w · (1 ± 0.3).

use std::hint::black_box;
use std::thread;
use std::time::Duration;

use exponential_backoff::Backoff;

use crate::clock;
use crate::edges::{self, TEN};
use crate::work::{CAP, FIRST, RETRIES, TRIES, fail, no_sleep, succeed};
use crate::{Peer, row};

pub const PEER: Peer = Peer {
    rows: &[
        (row::BLOCKING_SUCCESS, |n| blocking(n, TRIES, succeed)),
        (row::BLOCKING_RETRY, |n| blocking(n / RETRIES, RETRIES + 1, fail)),
        (row::NEXT_WAIT, next_wait),
    ],
    clocked: Some(|| {
        for wait in &Backoff::new(clock::TRIES as u32, clock::PAUSE, None) {
            if clock::target().is_ok() {
                break;
            }
            wait.into_iter().for_each(thread::sleep);
        }
    }),
    edges: &[
        (edges::GROWTH, || {
            let mut backoff = Backoff::new(u32::MAX, FIRST, None);
            backoff.set_jitter(0.0);
            edges::growth(backoff.iter().flatten())
        }),
        (edges::LONGEST, || {
            edges::longest(Backoff::new(u32::MAX, Duration::MAX, None).iter().flatten())
        }),
        (edges::AT_CAP, || edges::at_cap(waits().skip(10))),
        (edges::TWO_SESSIONS, || edges::two_sessions(waits)),
    ],
    ..Peer::named("exponential-backoff")
};

fn waits() -> impl Iterator<Item = Duration> {
    Backoff::new(u32::MAX, FIRST, TEN).iter().flatten()
}

fn blocking<T, E>(n: u64, tries: u64, target: impl Fn(u64) -> Result<T, E>) {
    let backoff = black_box(Backoff::new(tries as u32, FIRST, CAP));
    for i in 0..n {
        for wait in &backoff {
            match black_box(target(i)) {
                Ok(_) => break,
                Err(_) => wait.into_iter().for_each(no_sleep),
            }
        }
    }
}

fn next_wait(n: u64) {
    let backoff = black_box(Backoff::new(RETRIES as u32 + 1, FIRST, CAP));
    for _ in 0..n / RETRIES {
        for wait in backoff.iter().flatten() {
            black_box(wait);
        }
    }
}
