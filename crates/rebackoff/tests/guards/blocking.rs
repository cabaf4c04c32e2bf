//! Guards around blocking calls.

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
    let result = EACH_SECOND.retry(|| Ok::<_, Failure>(7)).breaker(&breaker).sleeper(clock.clone());
    assert_eq!(result.call(), Ok(7));
    assert_eq!(state(&breaker, &clock), BreakerState::Closed);
}

#[test]
fn slow_tries_are_timed_one_by_one() {
    let breaker =
        Breaker::builder().slow_rate(1.0, secs(3)).min_calls(2).open_for(secs(10)).build().unwrap();
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
