//! The loop that one would write by hand: exponential waits with full jitter, capped, with a limit
//! on tries. And the same loop with room for a limit on time, which is not set: so are the policies
//! that it is measured beside.

mod options;

use std::future::Future;
use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::work::{
    CAP, CROWD_CAP, CROWD_FIRST, CROWD_TRIES, FIRST, RETRIES, TRIES, block_on, crowd, fail,
    no_sleep, on_paused_tokio, on_tokio, repeat, succeed, target,
};
use crate::{Peer, row};

pub const PEER: Peer = Peer {
    rows: &[
        (row::BLOCKING_SUCCESS, blocking_success::<()>),
        (row::BLOCKING_RETRY, blocking_retry::<()>),
        (row::ASYNC_SUCCESS, async_success::<()>),
        (row::ASYNC_RETRY, async_retry::<()>),
        (row::ASYNC_RETRY_TIMER, async_retry_timer::<()>),
        (row::NEXT_WAIT, next_wait),
        (row::ZERO_WAIT, zero_wait),
    ],
    options: options::ROWS,
    layers: &[
        (row::ATTRIBUTE, |n| repeat(n, |i| STATIC.blocking(|| succeed(i), no_sleep))),
        (row::ATTRIBUTE_RETRY, |n| {
            repeat(n / RETRIES, |i| STATIC_RETRIES.blocking(|| fail(i), no_sleep));
        }),
        (row::ASYNC_LOOP_RETRY, async_retry::<()>),
        (row::NEXT_WAIT_BARE, next_wait_without_jitter),
    ],
    future_bytes: Some(|| {
        size_of_val(&config::<()>(TRIES).r#async(|| target(1), tokio::time::sleep))
    }),
    crowd: Some(|| {
        crowd(|flaky| async move { CROWD.r#async(|| flaky.call(), tokio::time::sleep).await });
    }),
    ..Peer::named("hand")
};

pub const WITH_MAX_TIME: Peer = Peer {
    rows: &[
        (row::BLOCKING_SUCCESS, blocking_success::<Option<Duration>>),
        (row::BLOCKING_RETRY, blocking_retry::<Option<Duration>>),
        (row::ASYNC_SUCCESS, async_success::<Option<Duration>>),
        (row::ASYNC_RETRY, async_retry::<Option<Duration>>),
        (row::ASYNC_RETRY_TIMER, async_retry_timer::<Option<Duration>>),
    ],
    future_bytes: Some(|| {
        let config = config::<Option<Duration>>(TRIES);
        size_of_val(&config.r#async(|| target(1), tokio::time::sleep))
    }),
    ..Peer::named("hand-max_time")
};

static CROWD: Config<()> = Config {
    base: 2.0,
    factor: CROWD_FIRST.as_millis() as f64 / 1e3,
    max_value: CROWD_CAP.as_millis() as f64 / 1e3,
    max_tries: CROWD_TRIES,
    max_time: (),
};

static STATIC: Config<()> = Config {
    base: 2.0,
    factor: FIRST.as_secs() as f64,
    max_value: CAP.as_secs() as f64,
    max_tries: TRIES,
    max_time: (),
};

static STATIC_RETRIES: Config<()> = Config { max_tries: RETRIES + 1, ..STATIC };

fn config<L: MaxTime>(max_tries: u64) -> Config<L> {
    let (factor, max_value) = (FIRST.as_secs_f64(), CAP.as_secs_f64());
    black_box(Config { base: 2.0, factor, max_value, max_tries, max_time: L::default() })
}

fn blocking_success<L: MaxTime>(n: u64) {
    let config = config::<L>(TRIES);
    for i in 0..n {
        black_box(config.blocking(|| succeed(i), no_sleep)).ok();
    }
}

fn blocking_retry<L: MaxTime>(n: u64) {
    let config = config::<L>(RETRIES + 1);
    for i in 0..n / RETRIES {
        black_box(config.blocking(|| fail(i), no_sleep)).ok();
    }
}

fn async_success<L: MaxTime>(n: u64) {
    let config = config::<L>(TRIES);
    on_tokio(n, |i| config.r#async(move || async move { succeed(i) }, tokio::time::sleep));
}

fn async_retry<L: MaxTime>(n: u64) {
    let config = config::<L>(RETRIES + 1);
    let sleep = |wait| async move { no_sleep(wait) };
    for i in 0..n / RETRIES {
        black_box(block_on(config.r#async(|| async move { fail(i) }, sleep))).ok();
    }
}

fn async_retry_timer<L: MaxTime>(n: u64) {
    let config = config::<L>(RETRIES + 1);
    on_paused_tokio(n / RETRIES, |i| config.r#async(move || target(i), tokio::time::sleep));
}

fn next_wait(n: u64) {
    let config = config::<()>(RETRIES + 1);
    let mut rng = fastrand::Rng::with_seed(1);
    for _ in 0..n / RETRIES {
        let mut raw = config.factor;
        for _ in 0..RETRIES {
            let draw = (rng.u64(..) >> 11) as f64 * (f64::EPSILON / 2.0);
            black_box(config.next_wait(&mut raw, draw));
        }
    }
}

fn next_wait_without_jitter(n: u64) {
    let config = config::<()>(RETRIES + 1);
    for _ in 0..n / RETRIES {
        let mut raw = config.factor;
        for _ in 0..RETRIES {
            black_box(config.next_wait(&mut raw, 1.0));
        }
    }
}

/// A wait of zero yields, as a loop does that knows its runtime.
fn zero_wait(n: u64) {
    let (max_tries, max_time) = (n + 1, ());
    let config = black_box(Config { base: 1.0, factor: 0.0, max_value: 0.0, max_tries, max_time });
    on_tokio(1, |i| config.r#async(move || target(i), |_| tokio::task::yield_now()));
}

/// The numbers of the loop: those of the policy that is measured beside it.
struct Config<L> {
    base: f64,
    factor: f64,
    max_value: f64,
    max_tries: u64,
    max_time: L,
}

/// A limit on time, or no room for one.
trait MaxTime: Copy + Default {
    type Start;

    fn start(self) -> Self::Start;

    /// The time left, if it is limited.
    fn left(self, start: &Self::Start) -> Option<Duration>;

    #[inline]
    fn shorten(self, wait: Duration, start: &Self::Start) -> Duration {
        self.left(start).map_or(wait, |left| wait.min(left))
    }
}

impl MaxTime for () {
    type Start = ();

    #[inline]
    fn start(self) {}

    #[inline]
    fn left(self, (): &()) -> Option<Duration> {
        None
    }
}

impl MaxTime for Option<Duration> {
    type Start = Option<Instant>;

    #[inline]
    fn start(self) -> Option<Instant> {
        self.map(|_| Instant::now())
    }

    #[inline]
    fn left(self, start: &Option<Instant>) -> Option<Duration> {
        Some(self?.saturating_sub((*start)?.elapsed()))
    }
}

impl<L: MaxTime> Config<L> {
    #[inline]
    fn next_wait(&self, raw: &mut f64, draw: f64) -> Duration {
        let wait = *raw * draw;
        *raw = (*raw * self.base).min(self.max_value);
        Duration::from_nanos((wait * 1e9) as u64)
    }

    #[inline]
    fn blocking<T, E>(
        &self,
        mut target: impl FnMut() -> Result<T, E>,
        sleep: impl Fn(Duration),
    ) -> Result<T, E> {
        let start = self.max_time.start();
        let mut tries = 1;
        let mut raw = self.factor;
        let mut rng = None;
        loop {
            match target() {
                Ok(value) => return Ok(value),
                Err(error) if tries >= self.max_tries => return Err(error),
                Err(error) if self.max_time.left(&start) == Some(Duration::ZERO) => {
                    return Err(error);
                }
                Err(_) => {
                    let rng = rng.get_or_insert_with(fastrand::Rng::new);
                    sleep(self.max_time.shorten(self.next_wait(&mut raw, rng.f64()), &start));
                    tries += 1;
                }
            }
        }
    }

    #[inline]
    async fn r#async<T, E, F, Fut, S>(
        &self,
        mut target: F,
        sleep: impl Fn(Duration) -> S,
    ) -> Result<T, E>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        S: Future<Output = ()>,
    {
        let start = self.max_time.start();
        let mut tries = 1;
        let mut raw = self.factor;
        let mut rng = None;
        loop {
            match target().await {
                Ok(value) => return Ok(value),
                Err(error) if tries >= self.max_tries => return Err(error),
                Err(error) if self.max_time.left(&start) == Some(Duration::ZERO) => {
                    return Err(error);
                }
                Err(_) => {
                    let rng = rng.get_or_insert_with(fastrand::Rng::new);
                    sleep(self.max_time.shorten(self.next_wait(&mut raw, rng.f64()), &start)).await;
                    tries += 1;
                }
            }
        }
    }
}
