//! Policies that hold their guards.

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
