//! The loop by hand, with what the options of a call would need.

use std::error::Error;
use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::{Config, config};
use crate::peer::{Named, Run, row};
use crate::work::{Failure, LIMIT, RETRIES, TRIES, fail, no_sleep, on_tokio, repeat, succeed};

pub const ROWS: &[Named<Run>] = &[
    (row::MAX_TIME, |n| {
        let config = limited();
        repeat(n, |i| config.blocking(|| succeed(i), no_sleep));
    }),
    (row::MAX_TIME_ASYNC, |n| {
        let config = limited();
        on_tokio(n, |i| config.r#async(move || async move { succeed(i) }, tokio::time::sleep));
    }),
    (row::ON_BACKOFF, |n| {
        let config = config::<()>(TRIES);
        repeat(n, |i| config.blocking(|| succeed(i), note));
    }),
    (row::ON_BACKOFF_ASYNC, |n| {
        let config = config::<()>(TRIES);
        on_tokio(n, |i| {
            config.r#async(
                move || async move { succeed(i) },
                |wait| {
                    note(wait);
                    tokio::time::sleep(wait)
                },
            )
        });
    }),
    (row::ON_BACKOFF_RETRY, |n| {
        let config = config::<()>(RETRIES + 1);
        repeat(n / RETRIES, |i| config.blocking(|| fail(i), note));
    }),
    (row::BREAKER_CALL, |n| {
        let (config, breaker) = (config::<()>(TRIES), InARow::default());
        repeat(n, |i| config.blocking(|| breaker.call(|| succeed(i)), no_sleep));
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

fn limited() -> Config<Option<Duration>> {
    black_box(Config { max_time: Some(LIMIT), ..config(TRIES) })
}

/// A handler, which stands before the sleep.
fn note(wait: Duration) {
    black_box(wait);
}

/// A breaker that opens after failures in a row, for good.
#[derive(Default)]
struct InARow(AtomicU64);

impl InARow {
    #[inline]
    fn call(&self, target: impl FnOnce() -> Result<u64, Failure>) -> Result<u64, Failure> {
        let failures = self.0.load(Relaxed);
        if failures >= 5 {
            return Err(Failure(failures));
        }
        let answer = target();
        if answer.is_err() {
            self.0.fetch_add(1, Relaxed);
        } else if failures > 0 {
            self.0.store(0, Relaxed);
        }
        answer
    }
}

/// Each level hands the earlier of two deadlines to the loop inside.
fn nested(n: u64, depth: u64) {
    fn call(
        config: &Config<()>,
        limit: Duration,
        outer: Option<Instant>,
        depth: u64,
    ) -> Result<u64, Failure> {
        if depth == 0 {
            return succeed(depth);
        }
        let own = Instant::now() + limit;
        let deadline = outer.map_or(own, |outer| outer.min(own));
        config.blocking(|| call(config, limit, Some(deadline), depth - 1), no_sleep)
    }
    let (config, limit) = (config(TRIES), black_box(LIMIT));
    repeat(n, |_| call(&config, limit, None, black_box(depth)));
}

fn typed<T, E>(n: u64, value: impl Fn(u64) -> T + Copy) {
    let config = config::<()>(TRIES);
    on_tokio(n, |i| {
        config.r#async(move || async move { black_box(Ok::<T, E>(value(i))) }, tokio::time::sleep)
    });
}
