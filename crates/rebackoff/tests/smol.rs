//! On smol: its timer through the trait, and a timer of the caller's own.

use std::future::ready;
use std::time::{Duration, Instant};

use rebackoff::prelude::*;
use rebackoff::sleep_fn;
use rebackoff::sleepers::SmolSleeper;

static BRIEF: Policy =
    policy!(constant(interval = millis(5)), jitter = Jitter::None, max_tries = 3);

#[test]
fn smoke_waits_with_smols_timer() {
    let start = Instant::now();
    let call = BRIEF.retry_async(|| ready(Err::<(), _>("down"))).sleeper(SmolSleeper);
    let outcome = async_io::block_on(call.outcome());
    assert_eq!((outcome.tries, outcome.reason), (3, Some(Reason::MaxTries)));
    assert!(start.elapsed() >= millis(10) && outcome.elapsed >= millis(10));
}

#[test]
fn smoke_loops_and_timeouts_wait_with_smols_timer() {
    let late = async_io::block_on(
        BRIEF
            .retry_async(std::future::pending::<Result<(), Duration>>)
            .sleeper(SmolSleeper)
            .timeout(millis(2), Err)
            .outcome(),
    );
    assert_eq!((late.result, late.tries), (Err(millis(2)), 3));
    let tries = async_io::block_on(async {
        let mut tries = BRIEF.tries_async().sleeper(SmolSleeper);
        while tries.backoff("down").await.is_ok() {}
        tries.tries()
    });
    assert_eq!(tries, 3);
}

#[test]
fn smoke_waits_with_a_timer_of_the_callers_own() {
    let sleeper = sleep_fn(|wait: Duration| async move {
        async_io::Timer::after(wait).await;
    });
    let call = BRIEF.retry_async(|| ready(Err::<(), _>("down"))).sleeper(sleeper);
    assert_eq!(async_io::block_on(call.outcome()).tries, 3);
}
