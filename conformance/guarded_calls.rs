//! Reads the vectors about guards inside whole calls, and compares what a driver does with them. The
//! tests of the Rust crates include this file as a module, beside `reader.rs` and `guards.rs`.

use rebackoff_core::{Breaker, Budget, Cost, Policy, Seconds};
use serde::Deserialize;

use super::guards::{BreakerOptions, BudgetOptions, HealthName, read};
use super::reader::{Expected, Said};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    policy: Policy,
    budgets: Vec<BudgetOptions>,
    breakers: Vec<BreakerOptions>,
    calls: Vec<GuardedCall>,
    counts: Counts,
}

/// A call that begins at a time, and all that must follow.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GuardedCall {
    at: f64,
    #[serde(default)]
    before: Vec<Happening>,
    #[serde(default)]
    pub(crate) outcomes: Vec<Outcome>,
    #[serde(default)]
    steps: Vec<Expected>,
    #[serde(default)]
    tokens: Vec<f64>,
    #[serde(default)]
    states: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outcome {
    pub(crate) verdict: Said,
    #[serde(default)]
    pub(crate) takes: f64,
    pub(crate) health: Option<HealthName>,
    #[serde(default)]
    pub(crate) rejection: bool,
    #[serde(default)]
    timeout: bool,
    #[serde(default)]
    throttled: bool,
    #[serde(default)]
    pub(crate) events: Vec<Happening>,
    #[serde(default)]
    pub(crate) in_wait: Vec<Happening>,
    pub(crate) abandoned: Option<Phase>,
}

impl Outcome {
    pub(crate) fn cost(&self) -> Cost {
        match (self.timeout, self.throttled) {
            (true, _) => Cost::Timeout,
            (_, true) => Cost::Throttled,
            _ => Cost::Retry,
        }
    }
}

/// The phase in which a call is dropped: before the try begins, in the try, or in the wait after it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    Begin,
    Try,
    Wait,
}

/// An event of another call, or a command of an operator.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Happening {
    budget: Option<usize>,
    breaker: Option<usize>,
    event: String,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Counts {
    refused: Vec<u64>,
    opened: Vec<u64>,
    rejected: Vec<u64>,
    failures: Vec<u64>,
}

/// The guards that the calls of a case share.
pub(crate) struct Guards {
    pub(crate) budgets: Vec<Budget>,
    pub(crate) breakers: Vec<Breaker>,
}

impl Guards {
    pub(crate) fn happen(&self, happenings: &[Happening], now: impl Fn() -> Seconds) {
        for Happening { budget, breaker, event } in happenings {
            let breaker = breaker.map(|number| &self.breakers[number]);
            match (event.as_str(), breaker) {
                ("withdraw", None) => {
                    let number = budget.expect("a budget");
                    let _ = self.budgets[number].withdraw_at(Cost::Retry, &now);
                }
                ("isolate", Some(breaker)) => drop(breaker.isolate()),
                ("force_open", Some(breaker)) => drop(breaker.force_open_at(&now)),
                ("reset", Some(breaker)) => drop(breaker.reset()),
                unknown => panic!("an unknown event: {unknown:?}"),
            }
        }
    }

    fn counts(&self) -> Counts {
        let of = |count: fn(&Breaker) -> u64| self.breakers.iter().map(count).collect();
        Counts {
            refused: self.budgets.iter().map(Budget::refused).collect(),
            opened: of(Breaker::opened),
            rejected: of(Breaker::rejected),
            failures: of(Breaker::failures),
        }
    }
}

/// A driver with a clock of its own, which begins at zero.
pub(crate) trait Driver {
    fn now(&self) -> Seconds;

    fn advance(&self, time: f64);

    /// Makes the call now, and returns the steps that it took.
    fn call(&self, policy: &Policy, guards: &Guards, call: &GuardedCall) -> Vec<Expected>;
}

/// Runs every case in which `takes` allows that many budgets and breakers.
pub(crate) fn run_all<D: Driver>(driver: impl Fn() -> D, takes: impl Fn(usize, usize) -> bool) {
    for case in read::<Case>("calls.json") {
        if !takes(case.budgets.len(), case.breakers.len()) {
            continue;
        }
        let (driver, name) = (driver(), &case.name);
        let guards = Guards {
            budgets: case.budgets.iter().map(|options| options.build().expect(name)).collect(),
            breakers: case.breakers.iter().map(|options| options.build().expect(name)).collect(),
        };
        for (number, call) in case.calls.iter().enumerate() {
            let place = format!("{name}, call {number}");
            driver.advance(call.at - driver.now().get());
            guards.happen(&call.before, || driver.now());
            assert_eq!(driver.call(&case.policy, &guards, call), call.steps, "{place}");
            for (budget, tokens) in guards.budgets.iter().zip(&call.tokens) {
                let left = budget.tokens_at(|| driver.now());
                assert!((left - tokens).abs() < 1e-6, "{place}: {left} tokens, not {tokens}");
            }
            let states =
                guards.breakers.iter().map(|breaker| breaker.state_at(|| driver.now()).name());
            assert!(
                states.eq(call.states.iter().map(String::as_str)),
                "{place}: not {:?}",
                call.states
            );
        }
        assert_eq!(guards.counts(), case.counts, "{name}");
    }
}
