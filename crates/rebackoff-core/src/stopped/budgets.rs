use core::time::Duration;

use super::{combinations, each_stop};
use crate::host::HostGuard;
use crate::{Budget, Cost, Moment, secs};

fn at(millis: u64) -> impl Fn() -> Moment + Copy {
    move || Duration::from_millis(millis).into()
}

/// Budgets of four retries.
const BUDGETS: [fn() -> Budget; 4] = [
    || Budget::per_second().rate(1.0).capacity(4).build().unwrap(),
    || Budget::share().ratio(0.5).floor(0.4).build().unwrap(),
    || Budget::quota().capacity(20).build().unwrap(),
    || Budget::throttle().max_tokens(8).token_ratio(1.0).build().unwrap(),
];

/// The number of retries in a row that it permits, each of which fails.
fn permitted(budget: &Budget, now: u64) -> usize {
    let retry = || budget.withdraw_at(Cost::Retry, at(now)).is_ok();
    (0..100)
        .take_while(|_| {
            retry() && {
                budget.handle_failure();
                true
            }
        })
        .count()
}

const SCENES: [fn(&Budget); 3] = [
    |_| {},
    |budget| {
        budget.handle_start_at(at(0));
        budget.handle_failure();
        let _ = budget.withdraw_at(Cost::Retry, at(0));
    },
    |budget| assert!(permitted(budget, 0) > 0),
];

const OPERATIONS: [fn(&Budget, u64); 5] = [
    |budget, now| {
        let _ = budget.withdraw_at(Cost::Retry, at(now));
    },
    |budget, now| {
        if let Ok(paid) = budget.withdraw_at(Cost::Retry, at(now)) {
            budget.refund(paid);
        }
        let _ = budget.tokens_at(at(now));
    },
    |budget, now| {
        budget.handle_start_at(at(now));
        let _ = budget.tokens_at(at(now));
    },
    |budget, now| {
        budget.handle_failure();
        let _ = budget.tokens_at(at(now));
    },
    |budget, now| {
        budget.handle_success(None);
        let _ = budget.tokens_at(at(now));
    },
];

#[test]
fn a_budget_refuses_and_refills_after_a_stop_between_any_two_steps() {
    // In the slice of the scene, and in later ones.
    let times = [0, 1_000, 30_000];
    let lengths = [BUDGETS.len(), SCENES.len(), OPERATIONS.len(), times.len()];
    for [budget, scene, operation, now] in combinations(lengths) {
        let (operation, now) = (OPERATIONS[operation], times[now]);
        let made = || {
            let budget = BUDGETS[budget]();
            SCENES[scene](&budget);
            budget
        };
        let without = permitted(&made(), now);
        let whole = made();
        operation(&whole, now);
        let most = without.max(permitted(&whole, now));
        each_stop(|stopping| {
            let budget = made();
            let is_stopped = stopping(&mut || operation(&budget, now));
            let permits = permitted(&budget, now);
            assert!(permits <= most, "{budget}: {permits} of {most}");
            assert!(permits + 1 >= without, "{budget}: {permits} of {without}");
            (0..200).for_each(|_| budget.handle_success(None));
            let refilled = permitted(&budget, now + 60_000);
            assert!((3..=4).contains(&refilled), "{budget}: {refilled}");
            is_stopped
        });
    }
}

#[test]
fn parameters_make_the_budget_again() {
    let more = Budget::share().ratio(1.0 / 3.0).ttl(secs(7)).dry_run(true).build().unwrap();
    let prices = Budget::quota().retry_cost(14).timeout_cost(13).throttled_cost(5).build().unwrap();
    for budget in BUDGETS.map(|budget| budget()).into_iter().chain([more, prices]) {
        let again = Budget::from_parameters(&budget.parameters()).unwrap();
        assert_eq!(again.parameters(), budget.parameters());
        assert_eq!(std::format!("{again:?}"), std::format!("{budget:?}"));
    }
    assert!(Budget::from_parameters(&[9; 16]).is_err());
}
