//! Calls inside the tries of other calls.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use rebackoff::prelude::*;
use rebackoff::testing::VirtualClock;
use rebackoff::{deadline, deadline_async, remaining};

static THREE: Policy = policy!(constant(interval = secs(1)), jitter = Jitter::None, max_tries = 3);
static ONCE: Policy = policy!(
    constant(interval = secs(1)),
    jitter = Jitter::None,
    max_tries = 3,
    nested = Nested::Once
);
static TEN_SECONDS: Policy =
    policy!(constant(interval = secs(4)), jitter = Jitter::None, max_time = secs(10));
static MINUTE: Policy =
    policy!(constant(interval = secs(3)), jitter = Jitter::None, max_time = secs(60));
static FOR_EVER: Policy = policy!(constant(interval = secs(3)), jitter = Jitter::None);

fn fail() -> Result<(), &'static str> {
    Err("down")
}

#[test]
fn three_layers_of_three_tries_are_27_calls_and_say_so() {
    let clock = VirtualClock::new();
    let most = Cell::new(0);
    let calls = Cell::new(0);
    let inner = || {
        THREE
            .retry(|| {
                calls.set(calls.get() + 1);
                fail()
            })
            .sleeper(clock.clone())
            .on_giveup(|event| most.set(most.get().max(event.amplification)))
            .call()
    };
    let middle = || THREE.retry(inner).sleeper(clock.clone()).scope().call();
    let outcome = THREE.retry(middle).sleeper(clock.clone()).outcome();
    assert_eq!((outcome.tries, calls.get(), most.get()), (3, 27, 27));
}

#[test]
fn a_policy_that_gives_way_tries_once_inside_another_call() {
    let clock = VirtualClock::new();
    let calls = Cell::new(0);
    let inner = || {
        ONCE.retry(|| {
            calls.set(calls.get() + 1);
            fail()
        })
        .sleeper(clock.clone())
        .outcome()
    };
    let mut given_up = None;
    let outer = || {
        let outcome = inner();
        given_up = Some((outcome.tries, outcome.reason));
        outcome.result
    };
    assert_eq!(THREE.retry(outer).sleeper(clock.clone()).scope().call(), Err("down"));
    assert_eq!((calls.get(), given_up), (3, Some((1, Some(Reason::MaxTries)))));

    calls.set(0);
    assert_eq!(inner().tries, 3);
    assert_eq!(calls.get(), 3);
}

#[test]
fn an_inner_call_never_outlives_the_outer_one() {
    for inner in [&MINUTE, &FOR_EVER] {
        let clock = VirtualClock::new();
        let mut reasons = Vec::new();
        let outer = TEN_SECONDS
            .retry(|| {
                let outcome = inner.retry(fail).sleeper(clock.clone()).outcome();
                reasons.push(outcome.reason);
                outcome.result
            })
            .sleeper(clock.clone())
            .outcome();
        assert_eq!(outer.elapsed, secs(10));
        assert_eq!(reasons, [Some(Reason::MaxTime)]);
        assert_eq!(clock.waits(), [secs(3), secs(3), secs(3), secs(1)]);
    }
}

#[test]
fn a_loop_inherits_the_deadline_of_the_call_around_it() {
    let clock = VirtualClock::new();
    let outer = TEN_SECONDS
        .retry(|| {
            let mut tries = FOR_EVER.tries().sleeper(clock.clone());
            while tries.backoff("down").is_ok() {}
            assert_eq!(tries.reason(), Some(Reason::MaxTime));
            fail()
        })
        .sleeper(clock.clone())
        .outcome();
    assert_eq!(outer.elapsed, secs(10));
}

#[test]
fn a_deadline_ends_the_calls_inside_and_is_no_call_to_give_way_to() {
    let outcome = deadline(secs(3600), || {
        let _no_wait = rebackoff::testing::no_wait();
        assert!(remaining() > Some(secs(3599)));
        (ONCE.retry(fail).outcome(), MINUTE.retry(fail).outcome())
    });
    assert_eq!(outcome.0.tries, 3);
    assert_eq!(outcome.1.elapsed.as_secs(), 60);
    let ended = deadline(Duration::ZERO, || {
        deadline(secs(60), || {
            assert_eq!(remaining(), Some(Duration::ZERO));
            FOR_EVER.retry(fail).outcome()
        })
    });
    assert_eq!((ended.tries, ended.reason), (1, Some(Reason::MaxTime)));
    assert_eq!(remaining(), None);
}

#[test]
fn a_target_asks_what_is_left() {
    let clock = VirtualClock::new();
    let mut left = Vec::new();
    let _ = TEN_SECONDS
        .retry(|| {
            left.push(remaining());
            fail()
        })
        .sleeper(clock.clone())
        .call();
    assert_eq!(left, [10, 6, 2, 0].map(|left| Some(secs(left))));
    assert_eq!(remaining(), None);
}

#[test]
fn the_scope_of_a_panicking_target_is_left() {
    let panicked = std::panic::catch_unwind(|| {
        TEN_SECONDS.retry(|| -> Result<(), ()> { panic!("in a test") }).call()
    });
    assert!(panicked.is_err());
    assert_eq!(remaining(), None);
}

#[rebackoff::on_error(policy = TEN_SECONDS, sleeper = clock.clone())]
fn attributed(clock: &VirtualClock, left: &mut Vec<Option<Duration>>) -> Result<(), &'static str> {
    left.push(remaining());
    fail()
}

#[test]
fn an_attribute_is_around_its_body() {
    let mut left = Vec::new();
    let _ = attributed(&VirtualClock::new(), &mut left);
    assert_eq!(left, [10, 6, 2, 0].map(|left| Some(secs(left))));
}

mod asynchronous {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_inner_call_never_outlives_the_outer_one() {
        let start = tokio::time::Instant::now();
        let outer = TEN_SECONDS
            .retry_async(|| async {
                let inner = FOR_EVER.retry_async(|| async { fail() }).outcome().await;
                assert_eq!(inner.reason, Some(Reason::MaxTime));
                inner.result
            })
            .await;
        assert_eq!(outer, Err("down"));
        let elapsed = start.elapsed();
        assert!(elapsed >= secs(10) && elapsed < millis(10_010), "{elapsed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_counts_from_the_first_poll() {
        let start = tokio::time::Instant::now();
        let fetch = deadline_async(secs(10), FOR_EVER.retry_async(|| async { fail() }).outcome());
        tokio::time::sleep(secs(100)).await;
        assert_eq!(fetch.await.reason, Some(Reason::MaxTime));
        assert_eq!(start.elapsed().as_secs(), 110);
    }

    #[tokio::test(start_paused = true)]
    async fn the_scope_belongs_to_the_task_and_not_to_the_thread() {
        let slow = TEN_SECONDS.retry_async(|| async {
            tokio::time::sleep(secs(1)).await;
            assert!(remaining().is_some());
            Ok::<_, ()>(())
        });
        let beside = async {
            for _ in 0..5 {
                assert_eq!(remaining(), None);
                tokio::time::sleep(millis(300)).await;
            }
        };
        let (slow, ()) = tokio::join!(slow.into_future(), beside);
        assert_eq!(slow, Ok(()));
        assert_eq!(remaining(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_ends_at_the_deadline_where_the_last_wait_stops() {
        static STRICT: Policy = policy!(
            constant(interval = millis(500)),
            jitter = Jitter::None,
            max_time = secs(10),
            last_wait = LastWait::Stop
        );
        let mut limits = Vec::new();
        let start = tokio::time::Instant::now();
        let late = |limit: Duration| Err::<(), _>(limit);
        let outcome = STRICT
            .retry_async(std::future::pending::<Result<(), Duration>>)
            .timeout(secs(4), late)
            .on_giveup(|event| limits.extend(event.error().copied()))
            .await;
        let (elapsed, last) = (start.elapsed(), outcome.unwrap_err());
        assert!(elapsed <= millis(10_010), "{elapsed:?}");
        assert!(last < secs(4), "{last:?}");
        assert_eq!(limits, [last]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_of_nested_deadlines_counts_where_the_inner_one_began_earlier() {
        let mut inner = Box::pin(deadline_async(secs(10), async {
            tokio::time::sleep(secs(5)).await;
            remaining()
        }));
        assert!(tokio::time::timeout(secs(4), &mut inner).await.is_err());
        let left = deadline_async(secs(7), inner).await;
        assert!(left > Some(secs(4)) && left <= Some(secs(5)), "{left:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_may_end_after_the_deadline_where_the_last_wait_is_shortened() {
        let start = tokio::time::Instant::now();
        let pending = TEN_SECONDS.retry_async(std::future::pending::<Result<(), Duration>>);
        assert_eq!(pending.timeout(secs(60), Err).await, Err(secs(60)));
        assert_eq!(start.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_never_outlives_what_is_around_the_call() {
        let hang = |policy: &'static Policy| {
            let pending = policy.retry_async(std::future::pending::<Result<(), Duration>>);
            pending.timeout(secs(60), Err)
        };
        let seen = |policy| hang(policy).on_backoff(|_| {});
        for policy in [&THREE, &MINUTE] {
            let start = tokio::time::Instant::now();
            let limits = [
                deadline_async(secs(7), hang(policy).into_future()).await,
                deadline_async(secs(7), seen(policy).into_future()).await,
                // A call with `max_time` around it is a deadline, though its own tries go past it.
                TEN_SECONDS.retry_async(|| hang(policy).into_future()).await,
            ];
            assert!(limits[..2].iter().all(|limit| *limit <= Err(secs(7))), "{limits:?}");
            let elapsed = start.elapsed();
            assert!(elapsed <= secs(24) + millis(20), "{elapsed:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_target_asks_what_is_left_of_its_timeout() {
        let (left, attempts) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        for policy in [&THREE, &TEN_SECONDS] {
            let call = policy.retry_async_with(|attempt| {
                attempts.borrow_mut().push(attempt.remaining);
                let first = remaining();
                let left = &left;
                async move {
                    tokio::time::sleep(secs(1)).await;
                    left.borrow_mut().push([first, remaining()].map(Option::unwrap));
                    Ok::<_, ()>(())
                }
            });
            assert_eq!(call.timeout(secs(4), |_| Err(())).await, Ok(()));
            let call = policy.retry_async_with(|attempt| async move {
                assert_eq!(attempt.remaining, Some(secs(2)));
                assert_eq!(remaining(), Some(secs(2)));
                Ok::<_, ()>(())
            });
            let call = call.timeout(secs(4), |_| Err(())).into_future();
            assert_eq!(deadline_async(secs(2), call).await, Ok(()));
        }
        assert_eq!(*attempts.borrow(), [Some(secs(4)); 2]);
        assert_eq!(*left.borrow(), [[secs(4), secs(3)]; 2]);
        assert_eq!(remaining(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_inside_a_try_never_outlives_its_timeout() {
        let inner = || async {
            let inner = FOR_EVER.retry_async(|| async { fail() }).outcome().await;
            assert_eq!((inner.reason, inner.elapsed.as_secs()), (Some(Reason::MaxTime), 7));
            inner.result
        };
        let outer = THREE.retry_async(inner).timeout(secs(7), |_| Err("late"));
        assert!(outer.await.is_err());
    }

    #[rebackoff::on_error(policy = TEN_SECONDS)]
    async fn attributed(left: &mut Vec<Option<Duration>>) -> Result<(), &'static str> {
        tokio::time::sleep(millis(500)).await;
        left.push(remaining());
        fail()
    }

    #[tokio::test(start_paused = true)]
    async fn an_attribute_is_around_its_body() {
        let mut left = Vec::new();
        let _ = attributed(&mut left).await;
        assert!(left.iter().all(Option::is_some), "{left:?}");
        assert_eq!(remaining(), None);
    }
}
