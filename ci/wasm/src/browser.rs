//! Calls with the feature `browser`: `browser.mjs` polls them when their timer has woken them.

use std::cell::{Cell, RefCell};
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Wake, Waker};

use rebackoff::prelude::*;
use rebackoff::{BreakerState, Cost, deadline_async};

use crate::Own;

type Check = Pin<Box<dyn Future<Output = bool>>>;

static THRICE: Policy =
    policy!(constant(interval = millis(20)), jitter = Jitter::None, max_tries = 3);
static BRIEF: Policy =
    policy!(constant(interval = millis(20)), jitter = Jitter::None, max_time = millis(50));
static YEARLY: Policy = policy!(constant(interval = secs(365 * 86_400)), jitter = Jitter::None);
static SPREAD: Policy = policy!(expo, max_tries = 2);
static SHOP: Breaker = breaker!(open_for = millis(10));
static PARKED: Breaker = breaker!(open_for = secs(86_400));
static RETRIES: Budget = budget!(per_second(rate = 100.0, capacity = 1));

thread_local! {
    static CHECK: RefCell<Option<Check>> = const { RefCell::new(None) };
}

#[derive(Default)]
struct Woken(AtomicBool);

static WOKEN: std::sync::LazyLock<Arc<Woken>> = std::sync::LazyLock::new(Arc::default);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

async fn fails() -> Result<(), &'static str> {
    THRICE.retry_async(|| ready(Err("down"))).await
}

async fn waits_by_the_clock_of_the_page() -> bool {
    let outcome = THRICE.retry_async(|| ready(Err::<(), _>("down"))).outcome().await;
    outcome.tries == 3 && outcome.elapsed >= millis(35) && fails().await.is_err()
}

async fn max_time_and_deadlines_end_calls() -> bool {
    let outcome = BRIEF.retry_async(|| ready(Err::<(), _>("down"))).outcome().await;
    let inner = || YEARLY.retry_async(|| ready(Err::<(), _>("down"))).outcome();
    let inside = deadline_async(millis(10), async { inner().await }).await;
    [outcome.reason, inside.reason] == [Some(Reason::MaxTime); 2] && outcome.elapsed >= millis(50)
}

async fn a_timeout_ends_a_try() -> bool {
    let call = THRICE.retry_async(std::future::pending::<Result<(), &str>>);
    call.timeout(millis(5), |_| Err("late")).await == Err("late")
}

async fn guards_go_by_the_clock_of_the_page() -> bool {
    let _ = [&SHOP, &PARKED].map(BreakerExt::force_open);
    let is_paid = RETRIES.withdraw(Cost::Retry).is_ok();
    let _ = fails().await;
    let states = [&SHOP, &PARKED].map(BreakerExt::state);
    is_paid && RETRIES.tokens() >= 1.0 && states == [BreakerState::HalfOpen, BreakerState::Open]
}

/// Dropped in its wait by the next call of `start`.
async fn a_wait_may_be_longer_than_a_timer() -> bool {
    YEARLY.retry_async(|| ready(Err::<(), _>("down"))).await.is_err()
}

/// Begins a check, in place of the one before; returns 0 where there is none of this number.
// SAFETY: the program has no other symbol of this name; the host finds the function by it.
#[unsafe(no_mangle)]
pub extern "C" fn start(number: u32) -> u32 {
    let check: Option<Check> = match number {
        1 => Some(Box::pin(waits_by_the_clock_of_the_page())),
        2 => Some(Box::pin(max_time_and_deadlines_end_calls())),
        3 => Some(Box::pin(a_timeout_ends_a_try())),
        4 => Some(Box::pin(guards_go_by_the_clock_of_the_page())),
        5 => Some(Box::pin(a_wait_may_be_longer_than_a_timer())),
        _ => None,
    };
    WOKEN.0.store(true, Relaxed);
    let is_there = check.is_some();
    CHECK.set(check);
    is_there.into()
}

/// Polls the check if it is woken; returns 0 while it waits, 1 where it holds, 2 where it fails.
// SAFETY: as above.
#[unsafe(no_mangle)]
pub extern "C" fn poll() -> u32 {
    if !WOKEN.0.swap(false, Relaxed) {
        return 0;
    }
    let waker = Waker::from(Arc::clone(&WOKEN));
    CHECK.with_borrow_mut(|check| {
        let polled =
            check.as_mut().map(|check| check.as_mut().poll(&mut Context::from_waker(&waker)));
        match polled {
            Some(std::task::Poll::Ready(holds)) => 2 - u32::from(holds),
            _ => 0,
        }
    })
}

/// The seconds of one wait with full jitter.
// SAFETY: as above.
#[unsafe(no_mangle)]
pub extern "C" fn draw() -> f64 {
    let wait = Cell::new(0.0);
    let call = SPREAD.retry(|| Err::<(), _>("down")).sleeper(Own);
    let _ =
        call.on_backoff(|event| wait.set(event.wait.map_or(0.0, |wait| wait.as_secs_f64()))).call();
    wait.get()
}
