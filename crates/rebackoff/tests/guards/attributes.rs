//! Guards of functions with an attribute.

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
