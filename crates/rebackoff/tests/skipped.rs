//! Waits that a test skips: for budgets and breakers they pass all the same.

#[path = "support/failure.rs"]
mod failure;

use std::thread;

use failure::Failure;
use rebackoff::prelude::*;
use rebackoff::{BreakerState, remaining, testing};

static HOURLY: Policy =
    policy!(constant(interval = secs(3600)), jitter = Jitter::None, max_tries = 4);

fn breaker() -> Breaker {
    Breaker::builder().consecutive(1).open_for(secs(3599)).build().unwrap()
}

#[test]
fn a_breaker_is_half_open_after_the_wait_and_closes() {
    let _no_wait = testing::no_wait();
    let budget = Budget::per_second().rate(0.001).capacity(1).build().unwrap();
    let shop = breaker();
    let mut failures = 3;
    let outcome = HOURLY
        .retry(|| {
            failures -= 1;
            if failures < 0 { Ok(()) } else { Err(Failure::Down) }
        })
        .breaker(&shop)
        .budget(&budget)
        .outcome();
    assert_eq!((outcome.result, outcome.tries), (Ok(()), 4));
    assert_eq!((shop.state(), shop.opened()), (BreakerState::Closed, 3));
}

#[test]
fn calls_add_up_and_the_time_stays_when_waits_are_on_again() {
    let shop = breaker();
    let no_wait = testing::no_wait();
    shop.force_open();
    let wait = || HOURLY.retry(|| Err::<(), _>("down")).outcome().elapsed;
    let before = rebackoff::now();
    assert!(wait() >= secs(3 * 3600) && wait() >= secs(3 * 3600));
    drop(no_wait);
    assert!(rebackoff::now().saturating_sub(before) >= secs(6 * 3600));
    assert_eq!(shop.state(), BreakerState::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn of_calls_beside_each_other_the_longest_counts() {
    let _no_wait = testing::no_wait();
    let before = rebackoff::now();
    let call = || HOURLY.retry_async(|| async { Err::<(), _>("down") }).outcome();
    let _ = tokio::join!(call(), call(), call());
    let passed = rebackoff::now().saturating_sub(before);
    assert!(passed >= secs(3 * 3600) && passed < secs(4 * 3600), "{passed:?}");
}

#[test]
fn a_call_counts_its_own_waits_once() {
    static DAY: Policy = policy!(
        constant(interval = secs(3600)),
        jitter = Jitter::None,
        max_tries = 4,
        max_time = secs(86_400)
    );
    let _no_wait = testing::no_wait();
    let mut left = Vec::new();
    let _ = DAY
        .retry(|| {
            left.push(remaining().unwrap().as_secs().div_ceil(3600));
            Err::<(), _>("down")
        })
        .call();
    assert_eq!(left, [24, 23, 22, 21]);
}

#[test]
fn a_switch_that_holds_everywhere_lets_time_pass_everywhere() {
    let shop = breaker();
    shop.force_open();
    let _no_wait = testing::no_wait().everywhere();
    let _ = HOURLY.retry(|| Err::<(), _>("down")).call();
    let state = thread::spawn(move || shop.state()).join().unwrap();
    assert_eq!(state, BreakerState::HalfOpen);
}
