//! Guards of loops.

use super::*;

fn spend(budget: &Budget, breaker: &Breaker, clock: &VirtualClock) -> Result<u64, Failure> {
    let mut tries = EACH_SECOND.tries().sleeper(clock.clone()).budget(budget).breaker(breaker)?;
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
