//! Calls that a signal of the caller's cancels.
#![allow(clippy::float_cmp, reason = "whole tokens")]

#[path = "support/failure.rs"]
mod failure;

use std::cell::Cell;
use std::future::pending;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use failure::Failure;
use rebackoff::prelude::*;
use rebackoff::testing::VirtualClock;
use rebackoff::{BreakerState, Clock};

static HOURLY: Policy = policy!(constant(interval = secs(3600)), jitter = Jitter::None);

fn down() -> Result<(), Failure> {
    Err(Failure::Down)
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_a_wait_at_once_with_the_last_outcome() {
    let signal = tokio::time::sleep(secs(5400));
    let began = tokio::time::Instant::now();
    let outcome = HOURLY.retry_async(|| async { down() }).cancelled_by(signal).outcome().await;
    assert_eq!((outcome.result, outcome.reason), (down(), Some(Reason::Cancelled)));
    assert_eq!((outcome.tries, began.elapsed()), (2, secs(5400)));
}

#[tokio::test(start_paused = true)]
async fn a_signal_does_not_end_a_try() {
    let slow = || async {
        tokio::time::sleep(secs(60)).await;
        Ok::<_, Failure>("answer")
    };
    let signal = std::future::ready(());
    assert_eq!(HOURLY.retry_async(slow).cancelled_by(signal).await, Ok("answer"));
}

#[tokio::test(start_paused = true)]
async fn a_signal_with_an_outcome_ends_a_try_as_well() {
    let signal = tokio::time::sleep(secs(1));
    let call = HOURLY.retry_async(pending::<Result<(), Failure>>);
    let outcome = call.cancelled_by_or(signal, || Err(Failure::Open)).outcome().await;
    assert_eq!((outcome.result, outcome.reason), (Err(Failure::Open), Some(Reason::Cancelled)));

    let signal = tokio::time::sleep(secs(1));
    let call = HOURLY.retry_async(|| async { down() });
    let result = call.cancelled_by_or(signal, || Err(Failure::Open)).await;
    assert_eq!(result, down(), "in a wait the last outcome comes back");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_gives_back_payments_and_permits() {
    let budget = Budget::quota().capacity(10).build().unwrap();
    let breaker = Breaker::builder().consecutive(1).open_for(millis(10)).build().unwrap();
    let signal = tokio::time::sleep(secs(1));
    let call = HOURLY.retry_async(|| async { down() }).budget(&budget).cancelled_by(signal);
    assert_eq!(call.await, down());
    assert_eq!(budget.tokens(), 10.0);

    breaker.force_open();
    tokio::time::advance(millis(20)).await;
    let signal = tokio::time::sleep(secs(1));
    let call = HOURLY.retry_async(pending::<Result<(), Failure>>).breaker(&breaker);
    assert_eq!(call.cancelled_by_or(signal, || Err(Failure::Open)).await, Err(Failure::Open));
    assert_eq!(breaker.failures(), 0);
    assert!(breaker.admit().is_ok(), "the probe is free");
}

#[tokio::test(start_paused = true)]
async fn handlers_see_the_cancellation() {
    let reason = Cell::new(None);
    let signal = tokio::time::sleep(secs(1));
    let call = HOURLY.retry_async(|| async { down() }).on_giveup(|event| reason.set(event.reason));
    assert_eq!(call.cancelled_by(signal).await, down());
    assert_eq!(reason.get(), Some(Reason::Cancelled));
}

#[test]
fn a_blocking_wait_is_woken_from_another_thread() {
    let (stop, stopped) = mpsc::channel();
    let outcome = thread::scope(|scope| {
        let call = scope.spawn(move || HOURLY.retry(down).cancelled_by(stopped).outcome());
        thread::sleep(Duration::from_millis(20));
        stop.send(()).unwrap();
        call.join().unwrap()
    });
    assert_eq!((outcome.result, outcome.reason), (down(), Some(Reason::Cancelled)));
    assert_eq!(outcome.tries, 1);
}

#[test]
fn a_dropped_sender_cancels_all_calls_that_listen() {
    let (stop, stopped) = mpsc::channel::<()>();
    drop(stop);
    for _ in 0..2 {
        let outcome = HOURLY.retry(down).cancelled_by(&stopped).outcome();
        assert_eq!((outcome.tries, outcome.reason), (1, Some(Reason::Cancelled)));
    }
}

#[test]
fn a_signal_that_never_comes_changes_no_wait() {
    static THREE: Policy =
        policy!(constant(interval = millis(2)), jitter = Jitter::None, max_tries = 3);
    let early = Cell::new(0);
    // It returns early, as condition variables do.
    let signal = |_: Duration| {
        early.set(early.get() + 1);
        false
    };
    let outcome = THREE.retry(down).cancelled_by(signal).outcome();
    assert_eq!((outcome.tries, outcome.reason), (3, Some(Reason::MaxTries)));
    assert!(outcome.elapsed >= millis(4) && early.get() >= 2);
}

#[test]
fn a_signal_goes_with_the_callers_own_clock() {
    let (_stop, stopped) = mpsc::channel::<()>();
    let clock = VirtualClock::new();
    let policy = policy!(constant(interval = secs(1)), jitter = Jitter::None, max_time = secs(5));
    let call = policy.retry(down).cancelled_by(&stopped).sleeper(clock.clone());
    assert_eq!(call.outcome().reason, Some(Reason::MaxTime));
    assert_eq!(clock.now(), secs(5));
    let call = policy.retry(down).sleeper(clock.clone()).cancelled_by(&stopped);
    assert_eq!(call.outcome().reason, Some(Reason::MaxTime));
    assert_eq!(clock.now(), secs(10));
}

#[test]
fn a_panic_before_a_paid_retry_begins_refunds_it() {
    let budget = Budget::quota().capacity(10).build().unwrap();
    let breaker = Breaker::builder().consecutive(9).build().unwrap();
    let _no_wait = rebackoff::testing::no_wait();
    let call = HOURLY
        .retry(down)
        .budget(&budget)
        .breaker(&breaker)
        .on_try(|event| assert!(event.tries < 2, "in a test"));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| call.call())).is_err());
    assert_eq!(budget.tokens(), 10.0);
    assert_eq!(breaker.state(), BreakerState::Closed);
}
