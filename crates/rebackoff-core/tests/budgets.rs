//! Budgets allow exactly their share, at any time, for any number.

use rebackoff_core::{Budget, Cost, Seconds, millis, secs};

fn at(seconds: f64) -> impl Fn() -> Seconds + Copy {
    move || Seconds::new(seconds).unwrap()
}

fn withdraw_all(budget: &Budget, now: f64) -> u64 {
    let mut count = 0;
    while budget.withdraw_at(Cost::Retry, at(now)).is_ok() {
        count += 1;
    }
    count
}

fn retries_for(ratio: f64, floor: f64, ttl: u64, calls: u64) -> u64 {
    let budget = Budget::share().ratio(ratio).floor(floor).ttl(secs(ttl)).build().unwrap();
    (0..calls).for_each(|_| budget.handle_start_at(at(0.0)));
    withdraw_all(&budget, 0.0)
}

#[test]
fn a_share_is_exact_for_every_fraction() {
    let decimals = [(1, 10_000), (3, 10_000), (1, 1000), (1, 100), (7, 100), (5, 100), (1, 10)];
    let others = [(2, 10), (25, 100), (1, 3), (1, 2), (6, 10), (2, 3), (7, 10), (9, 10), (99, 100)];
    let calls = [0, 1, 2, 3, 7, 10, 99, 100, 1000, 3333, 9999, 10_000, 30_000];
    for (numerator, denominator) in decimals.into_iter().chain(others).chain([(1, 1), (6, 7)]) {
        for calls in calls {
            #[allow(clippy::cast_precision_loss, reason = "small numbers")]
            let ratio = numerator as f64 / denominator as f64;
            let expected = numerator * calls / denominator;
            let with_floor = retries_for(ratio, 10.0, 10, calls);
            assert_eq!(retries_for(ratio, 0.0, 10, calls), expected, "{ratio} of {calls}");
            assert_eq!(with_floor, expected + 100, "{ratio} of {calls} and 10/s");
        }
    }
}

#[test]
fn a_share_is_exact_for_every_ten_thousandth() {
    for numerator in 1..=10_000_u32 {
        let ratio = f64::from(numerator) / 10_000.0;
        let calls = u64::from(numerator % 97) * 13;
        let expected = u64::from(numerator) * calls / 10_000;
        assert_eq!(retries_for(ratio, 0.0, 1, calls), expected, "{ratio} of {calls}");
    }
}

#[test]
fn a_share_counts_every_call_of_its_window() {
    let budget = Budget::share().ratio(0.6).floor(0.0).build().unwrap();
    for slice in 0..10 {
        (0..50).for_each(|_| budget.handle_start_at(at(f64::from(slice))));
    }
    assert_eq!(withdraw_all(&budget, 9.999), 300);
    // Each slice that leaves takes 30 with it, and those that were spent are of the last one.
    for later in 10..19 {
        assert_eq!(withdraw_all(&budget, f64::from(later)), 0);
    }
    (0..50).for_each(|_| budget.handle_start_at(at(19.0)));
    assert_eq!(withdraw_all(&budget, 19.0), 30);
}

#[test]
fn months_without_calls_change_nothing_but_the_date() {
    let month = 30.0 * 86_400.0;
    for later in [60.0, month, 100.0 * month] {
        let kinds = [
            (Budget::per_second().build().unwrap(), 100),
            (Budget::share().build().unwrap(), 100),
            (Budget::quota().build().unwrap(), 0),
        ];
        for (budget, refilled) in kinds {
            assert_eq!(withdraw_all(&budget, 0.0), 100, "{budget}");
            assert_eq!(withdraw_all(&budget, later), refilled, "{budget} after {later}");
        }
    }
}

#[test]
fn a_clock_that_goes_back_allows_no_retry_more() {
    let bucket = Budget::per_second().build().unwrap();
    assert_eq!(withdraw_all(&bucket, 1000.0), 100);
    assert_eq!(withdraw_all(&bucket, 0.0), 0);
    assert_eq!(withdraw_all(&bucket, 1001.0), 10);

    let share = Budget::share().floor(1.0).build().unwrap();
    assert_eq!(withdraw_all(&share, 1000.0), 10);
    share.handle_start_at(at(0.0));
    assert_eq!(withdraw_all(&share, 0.0), 0);
    assert_eq!(withdraw_all(&share, 1009.0), 0);
    assert_eq!(withdraw_all(&share, 1010.0), 10);
}

#[test]
fn the_end_of_time_is_no_exception() {
    for now in [0.0, 1.0, 1e9, 4e9, 1.8e10, f64::INFINITY] {
        let at = at(now);
        let kinds = [
            Budget::per_second().build(),
            Budget::per_second().rate(0.001).capacity(1_000_000).build(),
            Budget::share().ttl(secs(1)).build(),
            Budget::share().floor(1e6).ttl(secs(60)).build(),
            Budget::quota().capacity(u32::MAX).build(),
            Budget::throttle().build(),
        ];
        for budget in kinds.map(Result::unwrap) {
            budget.handle_start_at(at);
            budget.handle_failure();
            for _ in 0..3 {
                let last = budget.withdraw_at(Cost::Timeout, at).ok();
                budget.handle_success(last);
            }
            assert!(budget.tokens_at(at) >= 0.0, "{budget} at {now}");
            assert!(budget.tokens_at(|| Seconds::ZERO) >= 0.0, "{budget} at {now}");
        }
    }
}

#[test]
fn a_budget_says_what_is_wrong_with_it() {
    let errors = [
        Budget::per_second().rate(0.0).build(),
        Budget::per_second().rate(f64::NAN).build(),
        Budget::per_second().capacity(0).build(),
        Budget::per_second().capacity(1_000_001).build(),
        Budget::share().ratio(0.00009).build(),
        Budget::share().ratio(f64::NAN).build(),
        Budget::share().floor(-1.0).build(),
        Budget::share().ttl(millis(999)).build(),
        Budget::quota().capacity(0).build(),
        Budget::quota().retry_cost(0).build(),
        Budget::quota().timeout_cost(501).build(),
        Budget::quota().throttled_cost(0).build(),
        Budget::throttle().max_tokens(1001).build(),
        Budget::throttle().token_ratio(0.0).build(),
    ];
    let told: Vec<_> = errors.map(|error| error.unwrap_err().to_string()).into();
    assert_eq!(
        told,
        [
            "rate must be from 0.001 to 1000000 tokens a second, but it is 0",
            "rate must be from 0.001 to 1000000 tokens a second, but it is NaN",
            "capacity must be from 1 to 1000000 tokens, but it is 0",
            "capacity must be from 1 to 1000000 tokens, but it is 1000001",
            "ratio must be from 0.0001 to 1, but it is 0.00009",
            "ratio must be from 0.0001 to 1, but it is NaN",
            "floor must be from 0 to 1000000 retries a second, but it is -1",
            "ttl must be from 1s to 1m, but it is 999ms",
            "capacity must be at least 1 token, but it is 0",
            "retry_cost must be from 1 to capacity, but it is 0",
            "timeout_cost must be from 1 to capacity, but it is 501",
            "throttled_cost must be from 1 to capacity, but it is 0",
            "max_tokens must be from 1 to 1000, but it is 1001",
            "token_ratio must be from 0.001 to 1000, but it is 0",
        ]
    );
}
