//! This project. Its budgets and breakers get the standard library's clock, as programs would give it.

mod layers;
mod options;

use std::borrow::Borrow;
use std::future::IntoFuture;
use std::hint::black_box;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rebackoff::engine::{Draws, Engine, Step};
use rebackoff::prelude::*;
use rebackoff::sleep_fn;
use rebackoff_core::{Breaker, BreakerBuilder, Budget, Cost, Health, PolicyBuilder, Seconds};
use rebackoff_shared::{Host, ShareOnHost as _};

use crate::clock;
use crate::edges::{self, TEN};
use crate::peer::Shared;
use crate::work::{
    CAP, CROWD_CAP, CROWD_FIRST, CROWD_TRIES, FIRST, RETRIES, TRIES, block_on, crowd, fail,
    no_sleep, on_paused_tokio, on_tokio, succeed, target,
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
        (row::ZERO_WAIT, zero_wait),
        (row::BUCKET_AFTER_SECOND, |n| idle(bucket, Duration::from_secs(1), n)),
        (row::BUCKET_AFTER_MONTH, |n| idle(bucket, MONTH, n)),
        (row::SHARE_AFTER_SECOND, |n| idle(rested, Duration::from_secs(1), n)),
        (row::SHARE_AFTER_MONTH, |n| idle(rested, MONTH, n)),
    ],
    options: options::ROWS,
    layers: layers::ROWS,
    timed: layers::TIMED,
    shared: &[
        (row::BUCKET, || withdraw(bucket(), true)),
        (row::BUCKET_REFUSED, || {
            withdraw(Budget::per_second().rate(0.001).capacity(1).build().unwrap(), false)
        }),
        (row::SHARE, || withdraw(share(), true)),
        (row::SHARE_REFUSED, || {
            withdraw(Budget::share().ratio(0.0001).floor(0.0).build().unwrap(), false)
        }),
        (row::SHARE_DEPOSIT, || {
            let (budget, now) = (share(), clock());
            Box::new(move |n| (0..n).for_each(|_| budget.handle_start_at(&now)))
        }),
        (row::QUOTA, || withdraw(Budget::quota().capacity(u32::MAX).build().unwrap(), true)),
        (row::QUOTA_REFUSED, || {
            withdraw(
                Budget::quota().capacity(5).retry_cost(5).timeout_cost(5).build().unwrap(),
                false,
            )
        }),
        (row::THROTTLE, || withdraw(Budget::throttle().build().unwrap(), true)),
        (row::THROTTLE_REFUSED, || {
            let budget = Budget::throttle().build().unwrap();
            (0..10).for_each(|_| budget.handle_failure());
            withdraw(budget, false)
        }),
        (row::BREAKER, || succeed_through(Breaker::builder().build().unwrap())),
        (row::BREAKER_ON_HOST, || succeed_through(on_host(Breaker::builder()))),
        (row::BREAKER_RATE, || {
            succeed_through(Breaker::builder().failure_rate(0.5).window_calls(100).build().unwrap())
        }),
        (row::BREAKER_REJECTED, || {
            let now = clock();
            let breaker = Breaker::builder().open_for(MONTH).build().unwrap();
            breaker.force_open_at(&now);
            Box::new(move |n| {
                (0..n).for_each(|_| assert!(black_box(breaker.admit_at(&now)).is_err()))
            })
        }),
    ],
    future_bytes: Some(|| size_of_val(&policy(TRIES).retry_async(|| target(1)).into_future())),
    loop_bytes: Some(layers::loop_bytes),
    crowd: Some(|| crowd(|flaky| async move { CROWD.retry_async(|| flaky.call()).await })),
    clocked: Some(|| {
        let policy = Policy::new(constant().interval(clock::PAUSE)).max_time(clock::LIMIT);
        policy.build().unwrap().retry(clock::target).call().ok();
    }),
    edges: &[
        (edges::GROWTH, || edges::growth(waits(Policy::new(expo()).jitter(Jitter::None)))),
        (edges::LONGEST, || edges::longest(waits(Policy::new(expo().factor(Duration::MAX))))),
        (edges::AT_CAP, || edges::at_cap(waits(at_cap().jitter(Jitter::Random)))),
        (edges::TWO_SESSIONS, || edges::two_sessions(|| waits(at_cap()))),
        (edges::HALF_OPEN, half_open),
    ],
    ..Peer::named("rebackoff")
};

const MONTH: Duration = Duration::from_secs(30 * 86_400);

static CROWD: Policy =
    policy!(expo(factor = CROWD_FIRST, max_value = CROWD_CAP), max_tries = CROWD_TRIES);

fn policy(max_tries: u64) -> Policy {
    let wait = expo().factor(FIRST).max_value(CAP);
    black_box(Policy::new(wait).max_tries(max_tries).build().unwrap())
}

fn blocking_success(n: u64) {
    let policy = policy(TRIES);
    for i in 0..n {
        black_box(policy.retry(|| succeed(i)).call()).ok();
    }
}

fn blocking_retry(n: u64) {
    let policy = policy(RETRIES + 1);
    for i in 0..n / RETRIES {
        black_box(policy.retry(|| fail(i)).sleeper(sleep_fn(no_sleep)).call()).ok();
    }
}

fn async_success(n: u64) {
    let policy = policy(TRIES);
    on_tokio(n, |i| policy.retry_async(move || async move { succeed(i) }).into_future());
}

fn async_retry(n: u64) {
    let policy = policy(RETRIES + 1);
    let sleep = sleep_fn(|wait| async move { no_sleep(wait) });
    for i in 0..n / RETRIES {
        let call = policy.retry_async(|| async move { fail(i) }).sleeper(sleep);
        black_box(block_on(call.into_future())).ok();
    }
}

fn async_retry_timer(n: u64) {
    let policy = policy(RETRIES + 1);
    on_paused_tokio(n / RETRIES, |i| policy.retry_async(move || target(i)).into_future());
}

fn zero_wait(n: u64) {
    let policy = Policy::new(constant().interval(Duration::ZERO)).max_tries(n + 1).build().unwrap();
    on_tokio(1, |i| policy.retry_async(move || target(i)).into_future());
}

/// Uniform draws as the loop by hand makes them.
struct Unit(fastrand::Rng);

impl Draws for Unit {
    #[inline]
    fn uniform(&mut self) -> f64 {
        (self.0.u64(..) >> 11) as f64 * (f64::EPSILON / 2.0)
    }
}

fn next_wait(n: u64) {
    let policy = policy(RETRIES + 1);
    let mut draws = Unit(fastrand::Rng::with_seed(1));
    for _ in 0..n / RETRIES {
        let mut engine = Engine::new();
        for _ in 0..RETRIES {
            engine.handle_try();
            let step = engine.handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut draws);
            if let Step::Retry { wait, .. } = step {
                black_box(wait.to_duration());
            }
        }
    }
}

/// Time since now.
fn clock() -> impl Fn() -> Duration + Send + Sync {
    let start = Instant::now();
    move || start.elapsed()
}

fn bucket() -> Budget {
    Budget::per_second().rate(1e6).capacity(1_000_000).build().unwrap()
}

fn share() -> Budget {
    Budget::share().floor(1e6).ttl(Duration::from_secs(60)).build().unwrap()
}

fn withdraw(budget: Budget, permitted: bool) -> Shared {
    let now = clock();
    if !permitted {
        let _ = budget.withdraw_at(Cost::Retry, &now);
    }
    Box::new(move |n| {
        for _ in 0..n {
            assert_eq!(black_box(budget.withdraw_at(Cost::Retry, &now)).is_ok(), permitted);
        }
    })
}

/// Its slices last for a second, so that each pause ends one.
fn rested() -> Budget {
    Budget::share().build().unwrap()
}

/// A retry each time that nothing has happened for `pause`; anew before time ends, after 292 years.
fn idle(make: fn() -> Budget, pause: Duration, n: u64) {
    const PAUSES: u64 = 1_000;
    for begun in (0..n).step_by(PAUSES as usize) {
        // So late that all readings are converted alike.
        let (budget, mut now) = (make(), MONTH * 100);
        for _ in 0..PAUSES.min(n - begun) {
            now += black_box(pause);
            assert!(budget.withdraw_at(Cost::Retry, || now).is_ok());
        }
    }
}

fn succeed_through(breaker: impl Borrow<Breaker> + Send + Sync + 'static) -> Shared {
    let now = clock();
    Box::new(move |n| {
        let breaker = breaker.borrow();
        for i in 0..n {
            let permit = breaker.admit_at(&now).unwrap();
            let health = if succeed(i).is_ok() { Health::Success } else { Health::Failure };
            breaker.settle_at(permit, health, || Seconds::ZERO, &now, &mut || 0.5);
        }
    })
}

/// A breaker in a file, whose folder is removed again: a success never looks at it.
fn on_host(rule: BreakerBuilder) -> &'static Breaker {
    let folder = std::env::temp_dir().join(format!("rebackoff-bench-{}", std::process::id()));
    // valgrind does not know the boot's clock as `rustix` reads it
    let host = Host::at(&folder).with_clock(|| Seconds::ZERO.into());
    let breaker = rule.shared_on("shop", &host).unwrap();
    // The second time, the process gives the breaker that it has, and makes no folder.
    std::fs::remove_dir_all(folder).ok();
    breaker
}

fn at_cap() -> PolicyBuilder {
    Policy::new(expo().factor(TEN).max_value(TEN))
}

fn waits(policy: PolicyBuilder) -> impl Iterator<Item = Duration> {
    let policy = policy.build().unwrap();
    let (mut engine, mut rng) = (Engine::new(), fastrand::Rng::new());
    std::iter::from_fn(move || {
        engine.handle_try();
        match engine.handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut || rng.f64()) {
            Step::Retry { wait, .. } => Some(wait.to_duration()),
            _ => None,
        }
    })
}

fn half_open() -> String {
    let now = Arc::new(clock());
    let breaker = Breaker::builder().consecutive(1).open_for(millis(1)).build().unwrap();
    breaker.force_open_at(&*now);
    thread::sleep(millis(20));
    edges::half_open((0..10).filter(|_| breaker.admit_at(&*now).is_ok()).count())
}
