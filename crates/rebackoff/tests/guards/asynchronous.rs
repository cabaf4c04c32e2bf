//! Guards around async calls.

use super::*;
use std::future::{Future, IntoFuture, pending};
use std::pin::pin;
use std::task::{Context, Waker};

#[tokio::test(start_paused = true)]
async fn a_call_that_is_spawned_owns_its_guards() {
    let (budget, breaker) = (Arc::new(few(2)), Arc::new(opens_after(9)));
    let call = EACH_SECOND
        .retry_async(|| async { down() })
        .budget(Arc::clone(&budget))
        .breaker(Arc::clone(&breaker))
        .outcome();
    let outcome = tokio::spawn(call).await.unwrap();
    assert_eq!((outcome.tries, outcome.reason), (3, Some(Reason::Budget)));
    assert_eq!(breaker.failures(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_a_timeout_costs_more_unless_the_caller_says_otherwise() {
    static TWICE: Policy = policy!(constant(interval = secs(1)), max_tries = 2);
    let budget = Budget::quota().build().unwrap();
    let spent = |before: f64| before - budget.tokens_at(|| Seconds::ZERO);
    let hang = || TWICE.retry_async(pending::<Result<(), Failure>>);
    let late = |_| Err(Failure::Down);

    assert_eq!(hang().timeout(secs(3), late).budget(&budget).await, Err(Failure::Down));
    assert_eq!(spent(500.0), 10.0);
    let seen = hang().timeout(secs(3), late).timeout(secs(9), late).on_try(|_| {});
    assert_eq!(seen.budget(&budget).await, Err(Failure::Down));
    assert_eq!(spent(490.0), 10.0);
    let in_time = TWICE.retry_async(|| async { down() }).timeout(secs(3), late);
    assert_eq!(in_time.budget(&budget).await, Err(Failure::Down));
    assert_eq!(spent(480.0), 5.0);
    let cheap = hang().timeout(secs(3), late).budget(&budget).costs(|_| Cost::Retry);
    assert_eq!(cheap.await, Err(Failure::Down));
    assert_eq!(spent(475.0), 5.0);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_opens_during_the_wait_gives_the_error_back() {
    let breaker = opens_after(9);
    let outcome = EACH_SECOND
        .retry_async(|| async { down() })
        .breaker(&breaker)
        .on_backoff(|_| {
            breaker.isolate();
        })
        .outcome()
        .await;
    assert_eq!((outcome.tries, outcome.reason), (1, Some(Reason::Breaker)));
    assert_eq!(outcome.result, Err(Failure::Down));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_probe_is_neutral_and_frees_its_place() {
    let breaker = opens_after(1);
    let _ = EACH_SECOND.retry_async(|| async { down() }).breaker(&breaker).await;
    // Its time is over at a whole millisecond of the clock.
    tokio::time::advance(millis(10_001)).await;
    {
        let probe = EACH_SECOND.retry_async(pending::<Result<(), Failure>>).breaker(&breaker);
        let mut probe = pin!(probe.into_future());
        let mut context = Context::from_waker(Waker::noop());
        assert!(probe.as_mut().poll(&mut context).is_pending());
        let second = EACH_SECOND.retry_async(|| async { Ok(()) }).breaker(&breaker).await;
        assert_eq!(second, Err(Failure::Open));
    }
    let next = EACH_SECOND.retry_async(|| async { Ok(7) }).breaker(&breaker);
    assert_eq!(next.await, Ok::<_, Failure>(7));
    assert_eq!(breaker.opened(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cancelled_in_the_wait_gets_its_tokens_back() {
    let budget = Budget::quota().build().unwrap();
    let hang_on_retry = |calls: &Cell<u32>| {
        calls.set(calls.get() + 1);
        let first = calls.get() == 1;
        async move { if first { down() } else { pending().await } }
    };
    for (patience, left) in [(millis(500), 500.0), (millis(1500), 495.0)] {
        let calls = Cell::new(0);
        let call = EACH_SECOND.retry_async(|| hang_on_retry(&calls)).budget(&budget);
        assert!(tokio::time::timeout(patience, call.into_future()).await.is_err());
        assert_eq!(budget.tokens_at(|| Seconds::ZERO), left);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_has_given_up_makes_no_further_try() {
    let (calls, breaker) = (Cell::new(0), opens_after(2));
    let target = || {
        calls.set(calls.get() + 1);
        async { down() }
    };
    for (refused_at, tries) in [("a retry", 2), ("the first try", 0)] {
        let call = EACH_SECOND.retry_async(target).breaker(&breaker).outcome();
        let mut call = pin!(call);
        assert_eq!(call.as_mut().await.tries, tries, "{refused_at}");
        tokio::time::advance(secs(20)).await;
        let mut context = Context::from_waker(Waker::noop());
        assert!(call.poll(&mut context).is_pending(), "{refused_at}");
        assert_eq!(calls.get(), 2, "{refused_at}");
        breaker.isolate();
    }
}

#[tokio::test(start_paused = true)]
async fn the_budgets_clock_is_the_runtimes() {
    let budget = Budget::per_second().rate(0.1).capacity(1).build().unwrap();
    let call = || EACH_SECOND.retry_async(|| async { down() }).budget(&budget).outcome();
    assert_eq!(call().await.tries, 2);
    tokio::time::advance(secs(10)).await;
    assert_eq!(call().await.tries, 2);
}
