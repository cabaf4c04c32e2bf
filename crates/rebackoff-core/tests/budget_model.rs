//! Each kind of budget beside its model, under random events.

#[path = "models/budget.rs"]
mod model;
#[path = "models/budget_run.rs"]
mod run;

use proptest::prelude::*;
use rebackoff_core::{Budget, Cost};

proptest! {
    #[test]
    fn a_budget_answers_as_its_model_does(run in run::runs()) {
        run.check(|budget| budget, |_| {})?;
    }

    #[test]
    fn a_clock_that_jumps_about_allows_no_more_than_the_window_has(
        times in proptest::collection::vec((0..10_000_u64, any::<bool>()), 1..200),
        floor in 0..3_u32,
    ) {
        let budget = Budget::share().ratio(0.5).floor(f64::from(floor)).build().unwrap();
        let (mut calls, mut allowed) = (0_u64, 0);
        for (millis, is_call) in times {
            let now = || run::seconds(millis * run::MILLI);
            if is_call {
                budget.handle_start_at(now);
                calls += 1;
            } else {
                allowed += u64::from(budget.withdraw_at(Cost::Retry, now).is_ok());
                prop_assert!(allowed <= calls / 2 + u64::from(floor) * 10);
            }
        }
    }
}
