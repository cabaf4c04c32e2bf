//! Calls whose target is rejected by a breaker further inside: neutral for the enclosing breakers where
//! the type of the error can tell.

use std::cell::Cell;
use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::task::{Context, Waker};

use rebackoff::prelude::*;
use rebackoff::testing::VirtualClock;
use rebackoff::{BreakerState, FromOpen, Guarded, Health, Open};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Failure {
    Down,
    Open,
}

impl FromOpen for Failure {
    fn from_open(_: Open) -> Self {
        Self::Open
    }

    fn is_rejection(&self) -> bool {
        *self == Self::Open
    }
}

/// An error that is made of a rejection, and cannot tell one from other errors.
#[derive(Debug, PartialEq)]
struct Untold;

impl From<Open> for Untold {
    fn from(_: Open) -> Self {
        Self
    }
}

static THREE: Policy = policy!(constant(interval = secs(1)), jitter = Jitter::None, max_tries = 3);
static ONCE: Policy = policy!(constant(interval = secs(1)), max_tries = 1);

fn down() -> Result<(), Failure> {
    Err(Failure::Down)
}

/// A breaker that opens after a failure, for 10 s.
fn breaker() -> Breaker {
    Breaker::builder().consecutive(1).open_for(secs(10)).build().unwrap()
}

fn isolated() -> Breaker {
    let breaker = breaker();
    breaker.isolate();
    breaker
}

#[test]
fn a_breaker_that_inner_and_outer_call_share_stays_half_open_and_is_not_stuck() {
    let (clock, shared) = (VirtualClock::new(), breaker());
    let call = || ONCE.retry(down).breaker(&shared).sleeper(clock.clone()).call();
    assert_eq!(call(), Err(Failure::Down));
    clock.advance(secs(10));
    // The outer call is the probe, for which the inner one is rejected.
    let nested = ONCE.retry(call).breaker(&shared).sleeper(clock.clone()).call();
    assert_eq!(nested, Err(Failure::Open));
    assert_eq!((shared.opened(), shared.failures()), (1, 1));

    let now = || rebackoff::Clock::now(&clock);
    assert_eq!(shared.state_at(now), BreakerState::HalfOpen);
    let probe = ONCE.retry(|| Ok::<_, Failure>(())).breaker(&shared).sleeper(clock.clone());
    assert_eq!(probe.call(), Ok(()));
    assert_eq!(shared.state_at(now), BreakerState::Closed);
}

#[test]
fn a_rejection_inside_is_neutral_for_every_enclosing_breaker() {
    let (inner, middle, outer) = (isolated(), breaker(), breaker());
    let reject = || ONCE.retry(down).breaker(&inner).call();
    // Without a breaker, a call between them passes the rejection on, whether it retries or not.
    for between in [&ONCE, &THREE] {
        let clock = VirtualClock::new();
        let pass = || between.retry(reject).sleeper(clock.clone()).call();
        let guarded = || THREE.retry(pass).breaker(&middle).sleeper(clock.clone()).call();
        let result = ONCE.retry(guarded).breaker(&outer).sleeper(clock.clone()).call();
        assert_eq!(result, Err(Failure::Open));
    }
    assert_eq!((middle.failures(), outer.failures()), (0, 0));
}

#[test]
fn a_rejection_that_is_given_up_on_is_no_answer_of_the_target() {
    let (clock, inner, outer) = (VirtualClock::new(), isolated(), breaker());
    let failed = ONCE.retry(down).breaker(&outer).sleeper(clock.clone()).call();
    assert_eq!(failed, Err(Failure::Down));
    clock.advance(secs(10));
    let result = THREE
        .retry(|| ONCE.retry(down).breaker(&inner).call())
        .giveup(|error| *error == Failure::Open)
        .breaker(&outer)
        .sleeper(clock.clone())
        .call();
    assert_eq!(result, Err(Failure::Open));
    assert_eq!(outer.state_at(|| rebackoff::Clock::now(&clock)), BreakerState::HalfOpen);
}

#[test]
fn a_target_that_survives_a_rejection_and_fails_by_itself_has_failed() {
    let (inner, outer) = (isolated(), breaker());
    let blocking = || {
        let _cached = ONCE.retry(|| Ok::<(), Untold>(())).breaker(&inner).call().ok();
        Err::<(), _>(Untold)
    };
    assert_eq!(ONCE.retry(blocking).breaker(&outer).call(), Err(Untold));
    assert_eq!(outer.failures(), 1);

    outer.reset();
    let mut tries = ONCE.tries().breaker(&outer).unwrap();
    assert_eq!(tries.backoff(blocking().unwrap_err()), Err(Untold));
    assert_eq!(outer.failures(), 2);
}

#[test]
fn a_boxed_rejection_is_known_as_one() {
    fn counted<E: FromOpen + Send + 'static>() -> u64 {
        let (inner, outer) = (isolated(), breaker());
        let reject = || ONCE.retry(|| Ok::<(), E>(())).breaker(&inner).call();
        assert!(ONCE.retry(reject).breaker(&outer).call().is_err());
        outer.failures()
    }
    assert_eq!(counted::<Open>(), 0);
    assert_eq!(counted::<Box<Open>>(), 0);
    assert_eq!(counted::<Box<dyn std::error::Error + Send + Sync>>(), 0);
    assert_eq!(counted::<Untold>(), 1);
}

#[rebackoff::on_error(policy = ONCE, breaker = outer)]
fn survives(outer: &Breaker, inner: &Breaker) -> Result<(), Untold> {
    let _cached = ONCE.retry(|| Ok::<(), Untold>(())).breaker(inner).call().ok();
    Err(Untold)
}

#[tokio::test(start_paused = true)]
async fn attributes_loops_and_the_synchronous_part_of_async_targets_agree_on_that() {
    let (inner, outer) = (isolated(), breaker());
    assert_eq!(survives(&outer, &inner), Err(Untold));
    assert_eq!(outer.failures(), 1);

    outer.reset();
    let reject = || ONCE.retry(|| Ok::<(), Untold>(())).breaker(&inner).call().ok();
    let target = || {
        let _cached = reject(); // before the future
        async { Err::<(), _>(Untold) }
    };
    assert_eq!(ONCE.retry_async(target).breaker(&outer).await, Err(Untold));
    assert_eq!(outer.failures(), 2);

    outer.reset();
    let mut tries = ONCE.tries_async().breaker(&outer).unwrap();
    let _cached = reject();
    assert_eq!(tries.backoff(Untold).await, Err(Untold));
    assert_eq!(outer.failures(), 3);
}

#[test]
fn an_error_that_cannot_tell_a_rejection_counts_by_its_verdict() {
    let (inner, outer) = (isolated(), breaker());
    let rejected = || ONCE.retry(|| Ok::<(), Untold>(())).breaker(&inner).call();
    assert_eq!(ONCE.retry(rejected).breaker(&outer).call(), Err(Untold));
    assert_eq!(outer.failures(), 1);
}

#[test]
fn counts_overrides_the_type() {
    let (inner, outer) = (isolated(), breaker());
    let result = ONCE
        .retry(|| ONCE.retry(down).breaker(&inner).call())
        .breaker(&outer)
        .counts(|_| Health::Failure)
        .call();
    assert_eq!((result, outer.failures()), (Err(Failure::Open), 1));
}

#[test]
fn a_failure_that_follows_a_rejection_is_counted() {
    let (inner, outer) = (isolated(), breaker());
    let reject = || ONCE.retry(down).breaker(&inner).call();

    let tries = Cell::new(0);
    let retried = || {
        tries.set(tries.get() + 1);
        if tries.get() == 1 { reject() } else { down() }
    };
    let clock = VirtualClock::new();
    let pass = || THREE.retry(retried).sleeper(clock.clone()).call();
    let result = ONCE.retry(pass).breaker(&outer).sleeper(clock.clone()).call();
    assert_eq!((result, outer.failures()), (Err(Failure::Down), 1));

    outer.reset();
    let spare = breaker();
    let fall_back = || reject().or_else(|_| ONCE.retry(down).breaker(&spare).call());
    let result = ONCE.retry(fall_back).breaker(&outer).call();
    assert_eq!((result, outer.failures()), (Err(Failure::Down), 2));

    outer.reset();
    assert_eq!(reject(), Err(Failure::Open));
    let result = ONCE.retry(down).breaker(&outer).call();
    assert_eq!((result, outer.failures()), (Err(Failure::Down), 3));
}

#[test]
fn an_error_that_comes_back_from_an_opened_breaker_was_the_targets() {
    let (inner, outer) = (breaker(), breaker());
    let result = ONCE.retry(|| THREE.retry(down).breaker(&inner).call()).breaker(&outer).outcome();
    assert_eq!((result.result, inner.opened()), (Err(Failure::Down), 1));
    assert_eq!(outer.failures(), 1);
}

#[test]
fn a_loop_passes_a_rejection_on_and_counts_one_as_neutral() {
    let (inner, outer) = (isolated(), breaker());
    let rejected = || -> Result<(), Failure> {
        let mut tries = ONCE.tries().breaker(&inner).map_err(Failure::from_open)?;
        tries.success::<Failure>();
        Ok(())
    };
    let around = || -> Result<(), Failure> {
        let tries = ONCE.tries().breaker(&outer);
        let mut tries = tries.map_err(Failure::from_open)?;
        loop {
            match rejected() {
                Ok(()) => return Ok(()),
                Err(error) => tries.backoff(error)?,
            }
        }
    };
    assert_eq!(around(), Err(Failure::Open));
    assert_eq!(outer.failures(), 0);
}

#[test]
fn a_loop_takes_its_breaker_from_the_policy_and_counts_a_rejection_as_neutral() {
    let (inner, outer) = (isolated(), breaker());
    let guarded = Guarded::new(ONCE, &outer);
    let mut tries = guarded.tries().unwrap();
    let rejected = ONCE.retry(down).breaker(&inner).call().unwrap_err();
    assert_eq!((tries.backoff(rejected), outer.failures()), (Err(Failure::Open), 0));
    let paired = Guarded::new(ONCE, (None::<&Budget>, &outer));
    outer.isolate();
    assert_eq!(paired.tries().unwrap_err(), Open { retry_in: None });
}

#[tokio::test(start_paused = true)]
async fn an_async_loop_counts_a_rejection_as_neutral() {
    let (inner, outer) = (isolated(), breaker());
    let mut tries = ONCE.tries_async().breaker(&outer).unwrap();
    let rejected = ONCE.retry(down).breaker(&inner).call().unwrap_err();
    assert_eq!((tries.backoff(rejected).await, outer.failures()), (Err(Failure::Open), 0));
}

#[test]
fn an_outcome_that_the_caller_makes_of_a_rejection_is_neutral_where_counts_says_so() {
    let (inner, outer) = (isolated(), breaker());
    let served = || ONCE.retry(|| Err::<(), u16>(500)).breaker_or(&inner, |_| Err(503)).call();
    let counts = |result: &Result<(), u16>| match result {
        Err(503) => Health::Neutral,
        Err(_) => Health::Failure,
        Ok(()) => Health::Success,
    };
    let call = || ONCE.retry(served).breaker_or(&outer, |_| Err(503)).counts(counts).call();
    assert_eq!((call(), outer.failures()), (Err(503), 0));
    inner.reset();
    assert_eq!((call(), outer.failures()), (Err(500), 1));
}

#[test]
fn an_error_made_with_thiserror_says_that_it_is_a_rejection() {
    #[derive(Debug, PartialEq, thiserror::Error)]
    enum Derived {
        #[error("down")]
        Down,
        #[error("the shop is not called")]
        Rejected(#[source] Open),
    }

    impl FromOpen for Derived {
        fn from_open(open: Open) -> Self {
            Self::Rejected(open)
        }

        fn is_rejection(&self) -> bool {
            matches!(self, Self::Rejected(_))
        }
    }

    let (inner, outer) = (isolated(), breaker());
    let call = || ONCE.retry(|| Err::<(), _>(Derived::Down)).breaker(&inner).call();
    let rejected = Derived::Rejected(Open { retry_in: None });
    assert_eq!(ONCE.retry(call).breaker(&outer).call(), Err(rejected));
    assert_eq!(outer.failures(), 0);
}

#[rebackoff::on_error(policy = ONCE, breaker = outer)]
fn attributed(outer: &Breaker, inner: &Breaker) -> Result<(), Failure> {
    ONCE.retry(down).breaker(inner).call()
}

#[rebackoff::on_error(policy = ONCE, breaker = outer)]
async fn attributed_async(outer: &Breaker, inner: &Breaker) -> Result<(), Failure> {
    tokio::task::yield_now().await;
    ONCE.retry_async(|| async { down() }).breaker(inner).await
}

#[tokio::test]
async fn a_rejection_in_an_attribute_is_neutral() {
    let (inner, outer) = (isolated(), breaker());
    assert_eq!(attributed(&outer, &inner), Err(Failure::Open));
    assert_eq!(attributed_async(&outer, &inner).await, Err(Failure::Open));
    assert_eq!(outer.failures(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_rejection_in_an_async_target_is_neutral() {
    let (inner, outer) = (isolated(), breaker());
    let slow = || async {
        let result = ONCE.retry_async(|| async { down() }).breaker(&inner).await;
        tokio::time::sleep(secs(1)).await;
        result
    };
    let result = ONCE.retry_async(slow).breaker(&outer).await;
    assert_eq!((result, outer.failures()), (Err(Failure::Open), 0));
}

#[test]
fn a_rejection_in_another_task_is_none_of_this_one() {
    let (inner, outer) = (isolated(), breaker());
    let mut context = Context::from_waker(Waker::noop());
    let slow = || async {
        tokio::task::yield_now().await;
        down()
    };
    let mut first = pin!(ONCE.retry_async(slow).breaker(&outer).into_future());
    let unguarded = || async {
        let result = ONCE.retry_async(|| async { down() }).breaker(&inner).await;
        std::future::pending::<()>().await;
        result
    };
    let mut second = pin!(unguarded());
    assert!(first.as_mut().poll(&mut context).is_pending());
    assert!(second.as_mut().poll(&mut context).is_pending());
    assert!(first.as_mut().poll(&mut context).is_ready());
    assert_eq!(outer.failures(), 1);
}
