//! On tokio: its clock, its scheduler, cancellation, and very many tasks.

mod support;

use std::future::{Future, IntoFuture, pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rebackoff::prelude::*;
use rebackoff::{BreakerState, Cost, Health, sleep_fn};
use support::{Fault, Flaky};
use tokio::time::Instant;

static PLAIN: Policy = policy!(expo, jitter = Jitter::None, max_tries = 4);
static THREE: Policy = policy!(constant(interval = secs(1)), max_tries = 3);
static FOREVER: Policy = policy!(constant(interval = secs(1)), jitter = Jitter::None);

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test(start_paused = true)]
async fn max_time_follows_the_paused_clock() {
    let policy =
        policy!(constant(interval = secs(40)), jitter = Jitter::None, max_time = secs(100));
    let start = Instant::now();
    let outcome = policy.retry_async(|| ready(Err::<(), _>(1))).outcome().await;
    assert_eq!((outcome.tries, outcome.reason), (4, Some(Reason::MaxTime)));
    assert_eq!(start.elapsed().as_secs(), 100);
}

#[tokio::test(start_paused = true)]
async fn guards_without_a_clock_argument_go_by_the_paused_clock() {
    let breaker = Breaker::builder().consecutive(1).open_for(secs(30)).build().unwrap();
    let budget = Budget::per_second().rate(1.0).capacity(10).build().unwrap();
    let fails = || ready(Err::<(), Box<dyn std::error::Error>>("down".into()));
    let call = PLAIN.retry_async(fails).breaker(&breaker).budget(&budget);
    assert_eq!(call.outcome().await.reason, Some(Reason::Breaker));
    assert_eq!((breaker.state(), breaker.counts().calls), (BreakerState::Open, 0));
    assert!(breaker.check().is_err() && breaker.admit().is_err());
    while budget.withdraw(Cost::Retry).is_ok() {}
    assert!(budget.tokens() < 1.0);

    tokio::time::advance(secs(31)).await;
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    assert!((9.5..10.5).contains(&budget.tokens()));
    let probe = breaker.admit().unwrap();
    let change = breaker.settle(probe, Health::Success, secs(1)).unwrap();
    assert_eq!(change.to, BreakerState::Closed);
    breaker.force_open();
    tokio::time::advance(secs(29)).await;
    assert_eq!(breaker.state(), BreakerState::Open);
    breaker.isolate();
    breaker.reset();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_try_that_takes_too_long_is_cancelled_and_retried() {
    struct Hung<'a>(&'a AtomicU64);
    impl Drop for Hung<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Relaxed);
        }
    }
    let (calls, dropped) = (AtomicU64::new(0), AtomicU64::new(0));
    let target = || async {
        if calls.fetch_add(1, Relaxed) < 2 {
            let _hung = Hung(&dropped);
            pending::<()>().await;
        }
        Ok::<_, Duration>("answered")
    };
    let call = PLAIN.retry_async(target).timeout(secs(5), Err);
    let call = call.on_backoff(|event| assert_eq!(dropped.load(Relaxed), event.tries));
    let outcome = call.outcome().await;
    assert_eq!((outcome.result, outcome.tries), (Ok("answered"), 3));
    assert_eq!(outcome.elapsed.as_secs(), 5 + 1 + 5 + 2);
    assert_eq!(dropped.load(Relaxed), 2);
}

#[tokio::test]
async fn a_timeout_of_zero_arms_no_timer() {
    let arms = |_: Duration| -> std::future::Ready<()> { unreachable!("a wait of zero") };
    let call = PLAIN.retry_async(pending::<Result<(), Duration>>).giveup(|_| true);
    let call = call.sleeper(sleep_fn(arms)).timeout(Duration::ZERO, Err);
    assert_eq!(call.await, Err(Duration::ZERO));
}

#[test]
fn nothing_is_called_before_the_first_poll() {
    let called = AtomicU64::new(0);
    let future = PLAIN.retry_async(|| {
        called.fetch_add(1, Relaxed);
        ready(Ok::<_, ()>(()))
    });
    drop(future.into_future());
    assert_eq!(called.into_inner(), 0);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_cancels_it_in_a_call_and_in_a_wait() {
    let alive = Arc::new(());
    let calls = AtomicU64::new(0);
    let target = || {
        let alive = Arc::clone(&alive);
        let call = calls.fetch_add(1, Relaxed);
        async move {
            if call == 1 {
                pending::<()>().await;
            }
            drop(alive);
            Err::<(), _>(call)
        }
    };
    let in_a_wait = tokio::time::timeout(millis(500), FOREVER.retry_async(target).into_future());
    assert!(in_a_wait.await.is_err());
    assert_eq!((calls.load(Relaxed), Arc::strong_count(&alive)), (1, 1));

    let in_a_call = tokio::time::timeout(millis(500), FOREVER.retry_async(target).into_future());
    assert!(in_a_call.await.is_err());
    assert_eq!((calls.load(Relaxed), Arc::strong_count(&alive)), (2, 1));
    tokio::time::sleep(secs(60)).await;
    assert_eq!(calls.load(Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_zero_wait_lets_other_tasks_run_and_no_time_pass() {
    let policy = policy!(constant(interval = Duration::ZERO), max_tries = 1_000);
    let other = Arc::new(AtomicU64::new(0));
    let runs = Arc::clone(&other);
    let neighbour = tokio::spawn(async move {
        loop {
            runs.fetch_add(1, Relaxed);
            tokio::task::yield_now().await;
        }
    });
    let start = Instant::now();
    let outcome = policy.retry_async(|| ready(Err::<(), _>(1))).outcome().await;
    neighbour.abort();
    assert_eq!((outcome.tries, start.elapsed()), (1_000, Duration::ZERO));
    assert!(other.load(Relaxed) >= 500, "the neighbour ran {} times", other.load(Relaxed));
}

#[test]
fn a_zero_wait_needs_no_timer() {
    let policy = policy!(constant(interval = Duration::ZERO), max_tries = 3);
    let mut future = Box::pin(policy.retry_async(|| ready(Err::<(), _>(1))).into_future());
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..2 {
        assert!(future.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(future.as_mut().poll(&mut context), Poll::Ready(Err(1)));
}

#[test]
fn a_call_that_has_given_up_is_never_ready_again() {
    static ONCE: Policy = policy!(expo, max_tries = 1);
    static TWICE: Policy = policy!(constant(interval = secs(0)), max_tries = 2);
    const SHUT: &str = "shut";
    let down = || ready(Err::<(), _>("down"));
    let ends = |polls: usize, call: &mut dyn FnMut(&mut Context<'_>) -> Poll<_>| {
        let mut context = Context::from_waker(Waker::noop());
        let seen: Vec<_> = (0..polls + 2).map(|_| call(&mut context)).collect();
        assert!(seen[polls - 1].is_ready(), "{seen:?}");
        assert!(seen.iter().filter(|poll| poll.is_ready()).count() == 1, "{seen:?}");
    };

    let mut limited = Box::pin(ONCE.retry_async(down).into_future());
    ends(1, &mut |context| limited.as_mut().poll(context));

    let breaker = Breaker::builder().build().unwrap();
    let call = TWICE.retry_async(down).breaker_or(&breaker, |_| Err(SHUT));
    let mut stopped = Box::pin(
        call.on_backoff(|_| {
            breaker.isolate();
        })
        .into_future(),
    );
    ends(2, &mut |context| stopped.as_mut().poll(context));

    let call = ONCE.retry_async(down).breaker_or(&breaker, |_| Err(SHUT));
    let mut rejected = Box::pin(call.into_future());
    ends(1, &mut |context| rejected.as_mut().poll(context));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_borrows_can_be_spawned() {
    let policy = policy!(constant(interval = Duration::ZERO), max_tries = 3);
    let task = tokio::spawn(async move {
        let name = String::from("borrowed by the closure");
        let mut backoffs = 0;
        let call = policy.retry_async(|| {
            let name = &name;
            async move {
                tokio::task::yield_now().await;
                Err::<(), _>(name.len())
            }
        });
        let call = call.when(|length| *length > 0).on_backoff(|_| backoffs += 1);
        let result = assert_send(call.into_future()).await;
        (result, backoffs)
    });
    assert_eq!(task.await.unwrap(), (Err(23), 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loop_of_the_callers_own_can_be_spawned() {
    let task = tokio::spawn(async {
        let mut target = Flaky::failing(2);
        let policy = policy!(constant(interval = Duration::ZERO));
        let mut tries = policy.tries_async();
        loop {
            match target.call_async().await {
                Ok(value) => return Ok::<_, Fault>(value),
                Err(fault) => tries.backoff(fault).await?,
            }
        }
    });
    assert_eq!(task.await.unwrap(), Ok(3));
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_tasks_fail_three_times_each() {
    static JITTERED: Policy = policy!(expo(max_value = secs(30)), max_tries = 4);
    let tasks: Vec<_> = (0..100_000_u64)
        .map(|_| {
            tokio::spawn(async {
                let target = AtomicU64::new(0);
                let call =
                    || ready(if target.fetch_add(1, Relaxed) < 3 { Err(()) } else { Ok(()) });
                JITTERED.retry_async(call).outcome().await
            })
        })
        .collect();
    let (mut tries, mut longest) = (0, Duration::ZERO);
    for task in tasks {
        let outcome = task.await.unwrap();
        assert!(outcome.is_success());
        tries += outcome.tries;
        longest = longest.max(outcome.elapsed);
    }
    assert_eq!(tries, 400_000);
    assert!(longest <= secs(1 + 2 + 4) + millis(3), "{longest:?}");
}

#[tokio::test]
async fn smoke_waits_for_real() {
    let policy = policy!(constant(interval = millis(20)), jitter = Jitter::None, max_tries = 3);
    let start = std::time::Instant::now();
    let outcome = policy.retry_async(|| ready(Err::<(), _>(1))).outcome().await;
    assert_eq!(outcome.tries, 3);
    assert!(start.elapsed() >= millis(40) && start.elapsed() < secs(20));
    assert_eq!(policy.retry(|| Err::<(), _>(1)).outcome().tries, 3);
    assert!(start.elapsed() >= millis(80));
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_polled_after_its_end_stays_pending_and_calls_nothing() {
    for failures in [0, 1, 9] {
        let calls = AtomicU64::new(0);
        let target = || async {
            let call = calls.fetch_add(1, Relaxed);
            if call < failures { Err(call) } else { Ok(call) }
        };
        let mut future = std::pin::pin!(THREE.retry_async(target).into_future());
        let result = future.as_mut().await;
        assert_eq!(result.is_ok(), failures < 3);
        let made = calls.load(Relaxed);
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..2 {
            assert!(future.as_mut().poll(&mut context).is_pending());
            tokio::time::advance(secs(60)).await;
        }
        assert_eq!(calls.load(Relaxed), made);
    }
}

#[tokio::test(start_paused = true)]
async fn a_future_that_was_cancelled_stays_pending() {
    let call = FOREVER.retry_async(|| ready(Err::<(), _>(1))).cancelled_by(ready(())).outcome();
    let mut call = std::pin::pin!(call);
    assert_eq!(call.as_mut().await.reason, Some(Reason::Cancelled));
    assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_pending());
}
