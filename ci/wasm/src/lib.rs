//! Calls on wasm32-unknown-unknown, where the system has no clock, no timer and no threads: the caller's own
//! sleeper and clock carry limits, timeouts, outcomes, budgets and breakers. `run.mjs` calls `run` under node.

#[cfg(feature = "browser")]
mod browser;

use std::future::{Future, IntoFuture, pending, ready};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rebackoff::prelude::*;
use rebackoff::sleepers::Timeline;
use rebackoff::{AsyncSleeper, BreakerState, Clock, Sleeper};

static NOW: AtomicU64 = AtomicU64::new(0);

fn now() -> Duration {
    Duration::from_nanos(NOW.load(Relaxed))
}

/// Advances its own clock in place of sleeping.
#[derive(Clone, Copy, Default)]
struct Own;

impl Clock for Own {
    fn timeline(&self) -> Timeline {
        Timeline::Function(now)
    }
}

impl Sleeper for Own {
    fn sleep(&self, wait: Duration) {
        NOW.fetch_add(wait.as_nanos() as u64, Relaxed);
    }
}

impl AsyncSleeper for Own {
    type Sleep = std::future::Ready<()>;

    fn sleep(&self, wait: Duration) -> Self::Sleep {
        Sleeper::sleep(self, wait);
        ready(())
    }
}

fn block_on<O>(future: impl IntoFuture<Output = O>) -> O {
    let mut future = pin!(future.into_future());
    loop {
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(output) = polled {
            return output;
        }
    }
}

static LIMITED: Policy =
    policy!(constant(interval = secs(10)), jitter = Jitter::None, max_time = secs(25));
static TWICE: Policy = policy!(expo, max_tries = 2);
static FOR_EVER: Policy = policy!(constant, max_tries = 100);
static BUDGET: Budget = budget!(per_second(capacity = 2, rate = 0.1));
static SHOP: Breaker = breaker!(consecutive = 2, open_for = secs(30));

fn max_time_ends_a_call() -> bool {
    let blocking = LIMITED.retry(|| Err::<(), _>("down")).sleeper(Own).outcome();
    let call = LIMITED.retry_async(|| ready(Err::<(), _>("down"))).sleeper(Own);
    let outcome = block_on(call.outcome());
    [blocking, outcome].iter().all(|outcome| {
        (outcome.tries, outcome.elapsed, outcome.reason) == (4, secs(25), Some(Reason::MaxTime))
    })
}

fn a_timeout_ends_a_try() -> bool {
    let call = TWICE.retry_async(pending::<Result<(), &str>>).sleeper(Own);
    block_on(call.timeout(secs(3), |_| Err("late"))) == Err("late")
}

fn a_budget_counts_by_the_clock_of_its_call() -> bool {
    let call = FOR_EVER.retry(|| Err::<(), _>("down")).budget(&BUDGET);
    let outcome = call.sleeper(Own).outcome();
    outcome.reason == Some(Reason::Budget)
}

fn a_breaker_opens_and_closes_by_the_clock_of_its_calls() -> bool {
    let call = |result: Result<(), &'static str>| {
        let target = move || result.map_err(Box::<dyn std::error::Error>::from);
        TWICE.retry(target).breaker(&SHOP).sleeper(Own).outcome()
    };
    call(Err("down"));
    let rejected = call(Ok(())).reason == Some(Reason::Breaker);
    let opened = SHOP.state_at(now) == BreakerState::Open;
    Sleeper::sleep(&Own, secs(60));
    let admitted = call(Ok(())).is_success();
    rejected && opened && admitted && SHOP.state_at(now) == BreakerState::Closed
}

#[on_error(expo, max_tries = 3, max_time = 600, sleeper = Own)]
async fn fails() -> Result<(), u8> {
    Err(1)
}

fn an_attribute_takes_the_sleeper() -> bool {
    block_on(fails()) == Err(1)
}

fn a_loop_takes_the_sleeper() -> bool {
    let mut tries = LIMITED.tries().sleeper(Own);
    while tries.backoff("down").is_ok() {}
    tries.elapsed() == Some(secs(25))
}

/// The system's clock traps nowhere: it stands still unless it is the page's.
fn the_clock_of_the_system_traps_nowhere() -> bool {
    let left = rebackoff::deadline(secs(1), || rebackoff::remaining());
    if cfg!(feature = "browser") {
        left.is_some_and(|left| left <= secs(1))
    } else {
        rebackoff::now() == Duration::ZERO && left == Some(secs(1))
    }
}

/// Returns 0, or the number of the first check that fails.
// SAFETY: the program has no other symbol of this name; the host finds the function by it.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> u32 {
    let checks = [
        max_time_ends_a_call,
        a_timeout_ends_a_try,
        a_budget_counts_by_the_clock_of_its_call,
        a_breaker_opens_and_closes_by_the_clock_of_its_calls,
        an_attribute_takes_the_sleeper,
        a_loop_takes_the_sleeper,
        the_clock_of_the_system_traps_nowhere,
    ];
    (1..).zip(checks).find(|(_, check)| !check()).map_or(0, |(number, _)| number)
}
