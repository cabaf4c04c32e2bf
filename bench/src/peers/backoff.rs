//! backoff. Its jitter is U(0, 2 · w) at a randomization factor of 1; it limits time, not tries.

use std::hint::black_box;
use std::time::Duration;

use backoff::backoff::Backoff;
use backoff::future::{Retry, Sleeper};
use backoff::{Error, ExponentialBackoff, ExponentialBackoffBuilder};

use crate::clock::{self, PAUSE};
use crate::edges::{self, TEN};
use crate::work::{
    CAP, CROWD_CAP, CROWD_FIRST, CROWD_TRIES, FIRST, Failure, RETRIES, TRIES, block_on, crowd,
    fail, no_sleep, no_wait, on_paused_tokio, on_tokio, succeed, target,
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
        let backoff = Limited::new(FIRST, CAP, TRIES);
        size_of_val(&backoff::future::retry(backoff, || transient(target(1))))
    }),
    crowd: Some(|| {
        crowd(|flaky| {
            let backoff = Limited::new(CROWD_FIRST, CROWD_CAP, CROWD_TRIES);
            backoff::future::retry(backoff, move || transient(flaky.call()))
        });
    }),
    clocked: Some(|| {
        let mut backoff = exponential(PAUSE, PAUSE);
        backoff.max_elapsed_time = Some(clock::LIMIT);
        backoff::retry(backoff, || clock::target().map_err(Error::transient)).ok();
    }),
    edges: &[
        (edges::GROWTH, || {
            let mut backoff = exponential(FIRST, Duration::MAX);
            backoff.randomization_factor = 0.0;
            edges::growth(std::iter::from_fn(move || backoff.next_backoff()))
        }),
        (edges::LONGEST, || {
            let mut backoff = exponential(Duration::MAX, Duration::MAX);
            edges::longest(std::iter::from_fn(move || backoff.next_backoff()))
        }),
        (edges::AT_CAP, || edges::at_cap(at_cap())),
        (edges::TWO_SESSIONS, || edges::two_sessions(at_cap)),
    ],
    ..Peer::named("backoff")
};

fn exponential(first: Duration, cap: Duration) -> ExponentialBackoff {
    let mut builder = ExponentialBackoffBuilder::new();
    builder.with_initial_interval(first).with_max_interval(cap).with_multiplier(2.0);
    black_box(builder.with_randomization_factor(1.0).with_max_elapsed_time(None).build())
}

fn at_cap() -> impl Iterator<Item = Duration> {
    let mut backoff = exponential(TEN, TEN);
    std::iter::from_fn(move || backoff.next_backoff())
}

/// So many tries, which the caller has to count.
struct Limited {
    backoff: ExponentialBackoff,
    left: u64,
}

impl Limited {
    fn new(first: Duration, cap: Duration, tries: u64) -> Self {
        Self { backoff: exponential(first, cap), left: tries - 1 }
    }
}

impl Backoff for Limited {
    #[inline]
    fn next_backoff(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        self.backoff.next_backoff()
    }
}

/// The blocking calls sleep; what they sleep is worked out, and is nothing.
struct NoWait(Limited);

impl Backoff for NoWait {
    #[inline]
    fn next_backoff(&mut self) -> Option<Duration> {
        self.0.next_backoff().map(no_wait)
    }
}

async fn transient(
    target: impl Future<Output = Result<u64, Failure>>,
) -> Result<u64, Error<Failure>> {
    target.await.map_err(Error::transient)
}

fn blocking_success(n: u64) {
    for i in 0..n {
        let backoff = NoWait(Limited::new(FIRST, CAP, TRIES));
        black_box(backoff::retry(backoff, || succeed(i).map_err(Error::transient))).ok();
    }
}

fn blocking_retry(n: u64) {
    for i in 0..n / RETRIES {
        let backoff = NoWait(Limited::new(FIRST, CAP, RETRIES + 1));
        black_box(backoff::retry(backoff, || fail(i).map_err(Error::transient))).ok();
    }
}

fn async_success(n: u64) {
    on_tokio(n, |i| {
        let backoff = Limited::new(FIRST, CAP, TRIES);
        backoff::future::retry(backoff, move || transient(async move { succeed(i) }))
    });
}

struct NoSleep;

impl Sleeper for NoSleep {
    type Sleep = std::future::Ready<()>;

    fn sleep(&self, wait: Duration) -> Self::Sleep {
        no_sleep(wait);
        std::future::ready(())
    }
}

fn async_retry(n: u64) {
    for i in 0..n / RETRIES {
        let backoff = Limited::new(FIRST, CAP, RETRIES + 1);
        let ignore = |_, _| ();
        let call = Retry::new(NoSleep, backoff, ignore, || transient(async move { fail(i) }));
        black_box(block_on(call)).ok();
    }
}

fn async_retry_timer(n: u64) {
    on_paused_tokio(n / RETRIES, |i| {
        let backoff = Limited::new(FIRST, CAP, RETRIES + 1);
        backoff::future::retry(backoff, move || transient(target(i)))
    });
}

fn next_wait(n: u64) {
    for _ in 0..n / RETRIES {
        let mut backoff = Limited::new(FIRST, CAP, RETRIES + 1);
        while let Some(wait) = backoff.next_backoff() {
            black_box(wait);
        }
    }
}
