//! Budgets and breakers around calls: blocking, async, loops and attributes.
#![allow(clippy::float_cmp, reason = "tokens that are whole come out whole")]

use std::cell::Cell;
use std::sync::{Arc, LazyLock};

use rebackoff::prelude::*;
use rebackoff::testing::VirtualClock;
use rebackoff::{BreakerState, Cost, EventKind, Guarded, Health, Open, Seconds};

static EACH_SECOND: Policy =
    policy!(constant(interval = secs(1)), jitter = Jitter::None, max_tries = 9);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Failure {
    Down,
    Rejected,
    TimedOut,
    Open,
}

impl From<Open> for Failure {
    fn from(_: Open) -> Self {
        Self::Open
    }
}

fn down() -> Result<(), Failure> {
    Err(Failure::Down)
}

/// A breaker that opens after `failures` in a row, for 10 s.
fn opens_after(failures: u32) -> Breaker {
    Breaker::builder().consecutive(failures).open_for(secs(10)).build().unwrap()
}

fn few(tokens: u32) -> Budget {
    Budget::per_second().rate(0.001).capacity(tokens).build().unwrap()
}

fn state(breaker: &Breaker, clock: &VirtualClock) -> BreakerState {
    breaker.state_at(|| rebackoff::Clock::now(clock))
}

mod blocking {
    use super::*;

    #[test]
    fn a_retry_that_the_budget_refuses_is_not_made() {
        let (clock, budget) = (VirtualClock::new(), few(2));
        let outcome = EACH_SECOND.retry(down).budget(&budget).sleeper(clock.clone()).outcome();
        assert_eq!((outcome.tries, outcome.reason), (3, Some(Reason::Budget)));
        assert_eq!(outcome.result, Err(Failure::Down));
        assert_eq!(clock.waits(), [secs(1), secs(1)]);
        assert_eq!(budget.refused(), 1);
    }

    #[test]
    fn a_limit_that_is_reached_spends_nothing() {
        static ONCE: Policy = policy!(expo, max_tries = 1);
        let budget = few(2);
        let outcome = ONCE.retry(down).budget(&budget).outcome();
        assert_eq!(outcome.reason, Some(Reason::MaxTries));
        assert!((budget.tokens_at(|| Seconds::ZERO) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_success_gives_back_what_its_last_retry_took() {
        let budget = Budget::quota().capacity(20).build().unwrap();
        let tokens = || budget.tokens_at(|| Seconds::ZERO);
        let clock = VirtualClock::new();
        let mut results = [Err(Failure::TimedOut), Err(Failure::Down), Ok(())].into_iter();
        let result = EACH_SECOND
            .retry(|| results.next().unwrap())
            .budget(&budget)
            .costs(|outcome| match outcome {
                Err(Failure::TimedOut) => Cost::Timeout,
                _ => Cost::Retry,
            })
            .sleeper(clock)
            .call();
        assert_eq!(result, Ok(()));
        assert_eq!(tokens(), 20.0 - 10.0 - 5.0 + 5.0);
    }

    #[test]
    fn a_failure_that_is_given_up_on_is_none_of_a_throttle() {
        let budget = Budget::throttle().build().unwrap();
        let _ = EACH_SECOND.retry(down).giveup(|_| true).budget(&budget).call();
        assert_eq!(budget.tokens_at(|| Seconds::ZERO), 10.0);
    }

    #[test]
    fn the_breaker_opens_and_the_last_error_comes_back() {
        let (clock, breaker) = (VirtualClock::new(), opens_after(3));
        let outcome = EACH_SECOND.retry(down).breaker(&breaker).sleeper(clock.clone()).outcome();
        assert_eq!((outcome.tries, outcome.reason), (3, Some(Reason::Breaker)));
        assert_eq!(outcome.result, Err(Failure::Down));
        assert_eq!(state(&breaker, &clock), BreakerState::Open);
    }

    #[test]
    fn an_open_breaker_rejects_a_call_without_a_try() {
        let (clock, breaker) = (VirtualClock::new(), opens_after(1));
        let calls = Cell::new(0);
        let call = || {
            calls.set(calls.get() + 1);
            down()
        };
        let mut told = Vec::new();
        let _ = EACH_SECOND.retry(call).breaker(&breaker).sleeper(clock.clone()).call();
        let outcome = EACH_SECOND
            .retry(call)
            .breaker(&breaker)
            .on_try(|_| unreachable!("an open breaker admits no try"))
            .on_giveup(|event| told.push((event.kind, event.tries, event.reason)))
            .sleeper(clock.clone())
            .outcome();
        assert_eq!((outcome.tries, outcome.reason), (0, Some(Reason::Breaker)));
        assert_eq!(outcome.result, Err(Failure::Open));
        assert_eq!(calls.get(), 1);
        assert_eq!(told, [(EventKind::Giveup, 0, Some(Reason::Breaker))]);
        assert_eq!(breaker.failures(), 1);
    }

    #[test]
    fn a_breaker_that_opens_during_the_wait_gives_the_error_back() {
        let (clock, breaker) = (VirtualClock::new(), opens_after(5));
        let outcome = EACH_SECOND
            .retry(down)
            .breaker(&breaker)
            // The breaker is asked before handlers are told, and once more after the wait.
            .on_backoff(|_| {
                breaker.isolate();
            })
            .sleeper(clock.clone())
            .outcome();
        assert_eq!((outcome.tries, outcome.reason), (1, Some(Reason::Breaker)));
        assert_eq!(outcome.result, Err(Failure::Down));
        assert_eq!(clock.waits(), [secs(1)]);
    }

    #[test]
    fn a_refusal_after_the_wait_comes_when_the_hint_is_over() {
        let (clock, breaker) = (VirtualClock::new(), opens_after(5));
        let outcome = EACH_SECOND
            .retry(down)
            .hint(|_| Some(secs(3)))
            .breaker(&breaker)
            .on_backoff(|_| {
                breaker.isolate();
            })
            .sleeper(clock)
            .outcome();
        assert_eq!((outcome.reason, outcome.hint), (Some(Reason::Breaker), None));
        assert_eq!(outcome.elapsed, secs(3));
    }

    #[test]
    fn a_wait_that_outlasts_the_open_time_ends_in_a_probe() {
        static PATIENT: Policy =
            policy!(constant(interval = secs(20)), jitter = Jitter::None, max_tries = 3);
        let (clock, breaker) = (VirtualClock::new(), opens_after(1));
        let mut results = [Err(Failure::Down), Ok(())].into_iter();
        let outcome = PATIENT
            .retry(|| results.next().unwrap())
            .breaker(&breaker)
            .sleeper(clock.clone())
            .outcome();
        assert_eq!((outcome.tries, outcome.result), (2, Ok(())));
        assert_eq!(state(&breaker, &clock), BreakerState::Closed);
    }

    #[test]
    fn nothing_is_paid_for_a_retry_that_the_breaker_refuses() {
        let budget = few(5);
        for budget_first in [true, false] {
            let (clock, breaker) = (VirtualClock::new(), opens_after(1));
            let call = EACH_SECOND.retry(down).sleeper(clock);
            let outcome = if budget_first {
                call.budget(&budget).breaker(&breaker).outcome()
            } else {
                call.breaker(&breaker).budget(&budget).outcome()
            };
            assert_eq!(outcome.reason, Some(Reason::Breaker));
        }
        assert_eq!(budget.tokens_at(|| Seconds::ZERO), 5.0);
    }

    #[test]
    fn a_retry_that_is_refused_after_it_was_paid_for_is_paid_back() {
        let budgets = [few(5), Budget::share().floor(0.5).build().unwrap()];
        let quota = Budget::quota().build().unwrap();
        for budget in budgets.iter().chain([&quota]) {
            let (clock, breaker) = (VirtualClock::new(), opens_after(9));
            let tokens = || budget.tokens_at(|| rebackoff::Clock::now(&clock)).floor();
            let full = tokens();
            for budget_first in [true, false] {
                breaker.reset();
                let call = EACH_SECOND.retry(down).sleeper(clock.clone());
                let call = call.on_backoff(|_| {
                    breaker.isolate();
                });
                let outcome = if budget_first {
                    call.budget(budget).breaker(&breaker).outcome()
                } else {
                    call.breaker(&breaker).budget(budget).outcome()
                };
                assert_eq!((outcome.tries, outcome.reason), (1, Some(Reason::Breaker)));
                assert_eq!(tokens(), full, "{budget}");
            }
            let empty = few(1);
            assert!(empty.withdraw_at(Cost::Retry, || Seconds::ZERO).is_ok());
            let call = EACH_SECOND.retry(down).budget(budget).budget(&empty);
            assert_eq!(call.sleeper(clock.clone()).outcome().reason, Some(Reason::Budget));
            assert_eq!(tokens(), full, "{budget}");
        }
    }

    #[test]
    fn a_retry_that_was_made_stays_paid_however_it_ends() {
        let budget = few(5);
        let mut tries = 0;
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let call = EACH_SECOND.retry(|| {
                tries += 1;
                assert!(tries < 3, "in a test");
                down()
            });
            call.budget(&budget).sleeper(VirtualClock::new()).call()
        }));
        assert!(panicked.is_err());
        assert_eq!(budget.tokens_at(|| Seconds::ZERO), 3.0);
    }

    #[test]
    fn a_rejected_call_deposits_nothing() {
        let budget = Budget::share().ratio(1.0).floor(0.0).build().unwrap();
        let (clock, breaker) = (VirtualClock::new(), opens_after(1));
        breaker.isolate();
        let call = EACH_SECOND.retry(down).budget(&budget).breaker(&breaker);
        assert_eq!(call.sleeper(clock).call(), Err(Failure::Open));
        assert_eq!(budget.tokens_at(|| Seconds::ZERO), 0.0);
    }

    #[test]
    fn what_the_caller_gives_up_on_was_answered() {
        let breaker = opens_after(1);
        let call = || EACH_SECOND.retry(down).giveup(|_| true).breaker(&breaker);
        assert_eq!(call().outcome().reason, Some(Reason::Giveup));
        assert_eq!(breaker.failures(), 0);
    }

    #[test]
    fn which_outcomes_count_is_the_callers_to_say() {
        let breaker = opens_after(1);
        let call = |failure: Failure| {
            EACH_SECOND
                .retry(move || Err::<(), _>(failure))
                .giveup(|_| true)
                .breaker(&breaker)
                .counts(|outcome| match outcome {
                    Err(Failure::Rejected) => Health::Success,
                    Err(Failure::TimedOut) => Health::Neutral,
                    _ => Health::Failure,
                })
                .call()
        };
        assert_eq!(call(Failure::Rejected), Err(Failure::Rejected));
        assert_eq!(call(Failure::TimedOut), Err(Failure::TimedOut));
        assert_eq!(breaker.failures(), 0);
        assert_eq!(call(Failure::Down), Err(Failure::Down));
        assert_eq!(call(Failure::Down), Err(Failure::Open));
    }

    #[test]
    fn a_poll_says_itself_what_an_open_breaker_gives() {
        let breaker = opens_after(1);
        breaker.isolate();
        let value = EACH_SECOND.poll(|| Some(7)).until(Option::is_some).breaker(&breaker).call();
        assert_eq!(value, None);
        let value = EACH_SECOND.poll(|| 7).breaker_or(&breaker, |open| match open.retry_in {
            None => -1,
            Some(_) => -2,
        });
        assert_eq!(value.call(), -1);
    }

    #[test]
    fn a_panicking_probe_frees_its_place() {
        let (clock, breaker) = (VirtualClock::new(), opens_after(1));
        let _ = EACH_SECOND.retry(down).breaker(&breaker).sleeper(clock.clone()).call();
        clock.advance(secs(10));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            EACH_SECOND
                .retry(|| -> Result<(), Failure> { panic!("in a test") })
                .breaker(&breaker)
                .sleeper(clock.clone())
                .call()
        }));
        assert!(panicked.is_err());
        assert_eq!(state(&breaker, &clock), BreakerState::HalfOpen);
        let result =
            EACH_SECOND.retry(|| Ok::<_, Failure>(7)).breaker(&breaker).sleeper(clock.clone());
        assert_eq!(result.call(), Ok(7));
        assert_eq!(state(&breaker, &clock), BreakerState::Closed);
    }

    #[test]
    fn slow_tries_are_timed_one_by_one() {
        let breaker = Breaker::builder()
            .slow_rate(1.0, secs(3))
            .min_calls(2)
            .open_for(secs(10))
            .build()
            .unwrap();
        let clock = VirtualClock::new();
        let took = |time| {
            let call = EACH_SECOND.retry(|| {
                clock.advance(time);
                Ok::<_, Failure>(())
            });
            call.breaker(&breaker).sleeper(clock.clone()).call()
        };
        assert_eq!(took(secs(2)), Ok(()));
        breaker.reset();
        assert_eq!([took(secs(4)), took(secs(4))], [Ok(()), Ok(())]);
        assert_eq!(took(secs(1)), Err(Failure::Open));
    }

    #[test]
    fn two_breakers_are_both_asked() {
        let (near, far) = (opens_after(9), opens_after(9));
        far.isolate();
        let call = EACH_SECOND.retry(down).breaker(&near).breaker(&far);
        assert_eq!(call.outcome().reason, Some(Reason::Breaker));
        assert_eq!((near.failures(), far.rejected()), (0, 1));
    }

    #[test]
    fn either_of_two_breakers_refuses_a_retry_after_the_wait() {
        for opens in [0, 1] {
            let (clock, breakers) = (VirtualClock::new(), [opens_after(9), opens_after(9)]);
            let outcome = EACH_SECOND
                .retry(down)
                .breaker(&breakers[0])
                .breaker(&breakers[1])
                .on_backoff(|_| {
                    breakers[opens].isolate();
                })
                .sleeper(clock.clone())
                .outcome();
            assert_eq!((outcome.tries, outcome.reason), (1, Some(Reason::Breaker)));
            assert_eq!(outcome.result, Err(Failure::Down));
        }
    }

    #[test]
    fn a_probe_that_another_breaker_refuses_frees_its_place_at_once() {
        let (clock, near, far) = (VirtualClock::new(), opens_after(1), opens_after(1));
        let _ = EACH_SECOND.retry(down).breaker(&near).sleeper(clock.clone()).call();
        clock.advance(secs(10));
        far.isolate();
        let is_free = Cell::new(false);
        let now = || rebackoff::Clock::now(&clock);
        let call = EACH_SECOND.retry(down).breaker(&near).breaker(&far).sleeper(clock.clone());
        let _ = call.on_giveup(|_| is_free.set(near.check_at(now).is_ok())).call();
        assert!(is_free.get());
    }
}

mod asynchronous {
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
}

#[test]
fn a_guard_that_is_made_at_run_time_guards_a_policy() {
    static RETRIES: LazyLock<Budget> = LazyLock::new(|| few(1));
    static SHOP: LazyLock<Breaker> = LazyLock::new(|| opens_after(9));
    static ORDER: Guarded<(&LazyLock<Budget>, &LazyLock<Breaker>)> =
        Guarded::new(EACH_SECOND, (&RETRIES, &SHOP));
    let outcome = ORDER.retry(down).sleeper(VirtualClock::new()).outcome();
    assert_eq!((outcome.tries, outcome.reason), (2, Some(Reason::Budget)));
    assert_eq!(SHOP.failures(), 2);
}

mod loops {
    use super::*;

    fn spend(budget: &Budget, breaker: &Breaker, clock: &VirtualClock) -> Result<u64, Failure> {
        let mut tries =
            EACH_SECOND.tries().sleeper(clock.clone()).budget(budget).breaker(breaker)?;
        loop {
            match down() {
                Ok(()) => {
                    tries.success();
                    return Ok(tries.tries());
                }
                Err(error) => tries.backoff(error)?,
            }
        }
    }

    #[test]
    fn a_loop_asks_the_breaker_at_its_door() {
        let (clock, budget, breaker) = (VirtualClock::new(), few(9), opens_after(2));
        assert_eq!(spend(&budget, &breaker, &clock), Err(Failure::Down));
        assert_eq!(spend(&budget, &breaker, &clock), Err(Failure::Open));
        assert_eq!(clock.waits(), [secs(1)]);
        assert_eq!(breaker.failures(), 2);
    }

    #[test]
    fn a_rejected_loop_deposits_nothing() {
        let budget = Budget::share().ratio(1.0).floor(0.0).build().unwrap();
        let breaker = opens_after(1);
        let clock = VirtualClock::new();
        let begin = || -> Result<(), Failure> {
            let tries = EACH_SECOND.tries().sleeper(clock.clone());
            let mut tries = tries.breaker(&breaker)?.budget(&budget);
            tries.success::<Failure>();
            Ok(())
        };
        assert_eq!(begin(), Ok(()));
        assert_eq!(budget.tokens_at(|| Seconds::ZERO), 1.0);
        breaker.isolate();
        assert_eq!(begin(), Err(Failure::Open));
        assert_eq!(budget.tokens_at(|| Seconds::ZERO), 1.0);
    }

    #[test]
    fn a_loop_that_is_refused_after_the_wait_gets_its_tokens_back() {
        let (clock, budget, breaker) = (VirtualClock::new(), few(3), opens_after(9));
        let tries = EACH_SECOND.tries().sleeper(clock).budget(&budget);
        let mut tries = tries.breaker(&breaker).unwrap();
        assert_eq!(tries.backoff(Failure::Down), Ok(()));
        let mut tries = tries.hook(rebackoff::hooks::OnBackoff(|_: &Event<'_, Failure>| {
            breaker.isolate();
        }));
        assert_eq!(tries.backoff(Failure::Down), Err(Failure::Down));
        assert_eq!(budget.tokens_at(|| Seconds::ZERO), 2.0);
    }

    #[test]
    fn a_loop_tells_of_its_success() {
        let (clock, breaker) = (VirtualClock::new(), opens_after(1));
        assert!(spend(&few(9), &breaker, &clock).is_err());
        clock.advance(secs(10));
        let tries = EACH_SECOND.tries().sleeper(clock.clone()).breaker::<_, Failure>(&breaker);
        tries.unwrap().success();
        assert_eq!(state(&breaker, &clock), BreakerState::Closed);
    }

    #[test]
    fn a_success_that_is_told_twice_counts_once() {
        let (clock, budget, breaker) =
            (VirtualClock::new(), Budget::quota().capacity(20).build().unwrap(), opens_after(9));
        let tokens = || budget.tokens_at(|| Seconds::ZERO);
        let tries = EACH_SECOND.tries().sleeper(clock).budget(&budget);
        let mut tries = tries.breaker(&breaker).unwrap();
        assert_eq!(tries.backoff(Failure::Down), Ok(()));
        assert_eq!(tries.backoff(Failure::Down), Ok(()));
        assert_eq!(tokens(), 10.0);
        tries.success::<Failure>();
        tries.success::<Failure>();
        assert_eq!(tokens(), 15.0);
        // It is a word on the try, and the next one has its own.
        assert_eq!(tries.backoff(Failure::Down), Ok(()));
        tries.success::<Failure>();
        assert_eq!(tokens(), 15.0);
    }

    #[test]
    fn a_call_that_has_given_up_is_told_of_no_success() {
        static TWICE: Policy = policy!(constant(interval = secs(1)), max_tries = 2);
        let budget = Budget::quota().capacity(20).build().unwrap();
        let mut tries = TWICE.tries().sleeper(VirtualClock::new()).budget(&budget);
        assert!(tries.backoff("down").is_ok() && tries.backoff("down").is_err());
        tries.success::<&str>();
        assert_eq!(budget.tokens_at(|| Seconds::ZERO), 15.0);
    }

    #[test]
    fn a_loop_tells_of_its_tries_and_of_its_success() {
        let told = std::cell::RefCell::new(Vec::new());
        let tell = |event: &Event<'_, &str>| {
            told.borrow_mut().push((event.kind, event.tries, event.elapsed().as_secs()));
        };
        let begin = || {
            let tries = EACH_SECOND.tries().sleeper(VirtualClock::new());
            let tries = tries.hook(rebackoff::hooks::OnTry(tell));
            tries.hook(rebackoff::hooks::OnBackoff(tell)).hook(rebackoff::hooks::OnSuccess(tell))
        };
        begin().success::<&str>();
        let mut tries = begin();
        assert!(tries.backoff("down").is_ok());
        tries.success::<&str>();
        tries.success::<&str>();
        let told = told.into_inner();
        let (at_once, retried) = told.split_at(2);
        assert_eq!(at_once, [(EventKind::Try, 1, 0), (EventKind::Success, 1, 0)]);
        let expected = [(EventKind::Try, 1, 0), (EventKind::Backoff, 1, 0), (EventKind::Try, 2, 1)];
        assert_eq!(retried[..3], expected);
        assert_eq!(retried[3..], [(EventKind::Success, 2, 1)]);
    }

    #[test]
    fn a_loop_that_is_left_without_a_word_says_nothing() {
        let (clock, breaker) = (VirtualClock::new(), opens_after(1));
        assert!(spend(&few(9), &breaker, &clock).is_err());
        clock.advance(secs(10));
        drop(EACH_SECOND.tries().sleeper(clock.clone()).breaker::<_, Failure>(&breaker));
        assert_eq!(state(&breaker, &clock), BreakerState::HalfOpen);
        assert!(breaker.check_at(|| rebackoff::Clock::now(&clock)).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn an_async_loop_is_refused_by_its_budget() {
        let budget = few(1);
        let mut tries = EACH_SECOND.tries_async().budget(&budget);
        assert_eq!(tries.backoff("down").await, Ok(()));
        assert_eq!(tries.backoff("down").await, Err("down"));
        assert_eq!(tries.reason(), Some(Reason::Budget));
    }
}

mod attributes {
    use super::*;

    #[rebackoff::on_error(
        policy = EACH_SECOND,
        breaker = breaker,
        budget = budget,
        sleeper = clock.clone()
    )]
    fn guarded(budget: &Budget, breaker: &Breaker, clock: &VirtualClock) -> Result<(), Failure> {
        down()
    }

    #[test]
    fn an_attribute_asks_its_breaker_and_its_budget() {
        let (clock, budget, breaker) = (VirtualClock::new(), few(1), opens_after(4));
        assert_eq!(guarded(&budget, &breaker, &clock), Err(Failure::Down));
        assert_eq!((budget.refused(), breaker.failures()), (1, 2));
        let _ = guarded(&budget, &breaker, &clock);
        let _ = guarded(&budget, &breaker, &clock);
        assert_eq!(guarded(&budget, &breaker, &clock), Err(Failure::Open));
        assert_eq!(breaker.failures(), 4);
    }

    #[rebackoff::on_predicate(
        policy = EACH_SECOND,
        |value| *value < 0,
        breaker = Arc::clone(breaker),
        rejected = |_: Open| 503,
        counts = |value| if *value == -1 { Health::Failure } else { Health::Neutral },
        sleeper = clock.clone()
    )]
    async fn polled(breaker: &Arc<Breaker>, clock: &VirtualClock) -> i32 {
        -1
    }

    #[test]
    fn an_async_attribute_owns_what_its_expression_gives() {
        let (clock, breaker) = (VirtualClock::new(), Arc::new(opens_after(2)));
        let call = || futures_lite::future::block_on(polled(&breaker, &clock));
        assert_eq!(call(), -1);
        assert_eq!(breaker.failures(), 2);
        assert_eq!(call(), 503);
    }

    static ISOLATED: Breaker = breaker!(consecutive = 9);

    #[rebackoff::on_error(
        policy = EACH_SECOND,
        breaker = ISOLATED,
        on_backoff = |_| { ISOLATED.isolate(); },
        sleeper = clock.clone()
    )]
    fn isolating(clock: &VirtualClock, calls: &mut u32) -> Result<(), Failure> {
        *calls += 1;
        down()
    }

    #[test]
    fn the_error_comes_back_when_the_breaker_opens_during_the_wait() {
        let (clock, mut calls) = (VirtualClock::new(), 0);
        assert_eq!(isolating(&clock, &mut calls), Err(Failure::Down));
        assert_eq!((calls, clock.waits()), (1, vec![secs(1)]));
        assert_eq!(isolating(&clock, &mut calls), Err(Failure::Open));
        assert_eq!(calls, 1);
    }
}

mod policies {
    use super::*;

    static RETRIES: Budget = budget!(per_second(rate = 0.001, capacity = 1));
    static SHOP: Breaker = breaker!(consecutive = 3, open_for = secs(600));
    static GUARDED: Guarded<(&Budget, &Breaker)> = Guarded::new(EACH_SECOND, (&RETRIES, &SHOP));

    #[test]
    fn a_policy_carries_its_guards() {
        assert_eq!(
            GUARDED.to_string(),
            "constant: waits 1s, 1s, 1s … 1s; worst case 8s (no jitter, max_tries 9); \
             budget 0.001/s, at most 1; breaker opens after 3 failures in a row, for 10m",
        );
        let clock = VirtualClock::new();
        let outcome = GUARDED.retry(down).sleeper(clock.clone()).outcome();
        assert_eq!((outcome.tries, outcome.reason), (2, Some(Reason::Budget)));
        let outcome = GUARDED.retry(down).sleeper(clock.clone()).outcome();
        assert_eq!((outcome.tries, outcome.reason), (1, Some(Reason::Breaker)));
        let value = GUARDED.poll(|| Some(7)).sleeper(clock.clone()).call();
        assert_eq!(value, None);
        assert_eq!(GUARDED.retry(down).sleeper(clock).call(), Err(Failure::Open));
    }

    #[tokio::test(start_paused = true)]
    async fn a_policy_with_shared_guards_is_made_at_run_time() {
        let (budget, breaker) = (Arc::new(few(1)), Arc::new(opens_after(9)));
        let policy = Guarded::new(EACH_SECOND, (Arc::clone(&budget), Arc::clone(&breaker)));
        let call = async move { policy.retry_async(|| async { down() }).outcome().await };
        let outcome = tokio::spawn(call).await.unwrap();
        assert_eq!((outcome.tries, outcome.reason), (2, Some(Reason::Budget)));
        assert_eq!((budget.refused(), breaker.failures()), (1, 2));
    }
}
