//! The conformance vectors about budgets and breakers alone.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use rebackoff_core::{Breaker, Budget, Cost, Open, Permit, Seconds, Withdrawal};
use serde::Deserialize;

use super::guards::{BreakerOptions, BudgetOptions, HealthName, read, seconds};

#[derive(Deserialize)]
struct Case<Guard, Event> {
    name: String,
    #[serde(alias = "budget", alias = "breaker")]
    options: Guard,
    #[serde(default)]
    draws: Vec<f64>,
    events: Vec<Timed<Event>>,
    counts: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Timed<Event> {
    at: f64,
    #[serde(default = "once")]
    repeat: u32,
    #[serde(flatten)]
    event: Event,
}

fn once() -> u32 {
    1
}

/// Runs all vectors about budgets. `place` puts a budget where its state belongs, and `set_clock` sets its own clock there.
pub(crate) fn run_budgets<B: Borrow<Budget>>(
    place: impl Fn(Budget) -> B,
    set_clock: impl Fn(Seconds),
) {
    for case in read::<Case<BudgetOptions, BudgetEvent>>("budgets.json") {
        let budget = place(case.options.build().expect(&case.name));
        let budget = budget.borrow();
        let mut withdrawals = BTreeMap::new();
        for (number, Timed { at, repeat, event }) in case.events.iter().enumerate() {
            let place = format!("{}, event {number}", case.name);
            set_clock(seconds(*at));
            for _ in 0..*repeat {
                run_budget(budget, *at, event, &mut withdrawals, &place);
            }
            let left = budget.tokens_at(|| seconds(*at));
            assert!((left - event.tokens).abs() < 1e-6, "{place}: {left}, not {}", event.tokens);
        }
        assert_eq!(budget.refused(), case.counts["refused"], "{}", case.name);
    }
}

fn run_budget<'a>(
    budget: &Budget,
    at: f64,
    event: &'a BudgetEvent,
    withdrawals: &mut BTreeMap<&'a str, Withdrawal>,
    place: &str,
) {
    match event.event {
        BudgetEventKind::Start => budget.handle_start_at(|| seconds(at)),
        BudgetEventKind::Failure => budget.handle_failure(),
        BudgetEventKind::Success => {
            budget.handle_success(event.last.as_deref().map(|name| withdrawals[name]));
        }
        BudgetEventKind::Refund => {
            let paid = event.of.as_deref().and_then(|name| withdrawals.remove(name));
            budget.refund(paid.expect(place));
        }
        BudgetEventKind::Withdraw => {
            let cost = match event.cost.as_deref() {
                Some("timeout") => Cost::Timeout,
                Some("throttled") => Cost::Throttled,
                _ => Cost::Retry,
            };
            let withdrawal = budget.withdraw_at(cost, || seconds(at));
            assert_eq!(Some(withdrawal.is_ok()), event.allowed, "{place}");
            if let (Some(name), Ok(withdrawal)) = (&event.name, withdrawal) {
                withdrawals.insert(name, withdrawal);
            }
        }
    }
}

#[derive(Deserialize)]
struct BudgetEvent {
    event: BudgetEventKind,
    #[serde(rename = "as")]
    name: Option<String>,
    last: Option<String>,
    of: Option<String>,
    cost: Option<String>,
    allowed: Option<bool>,
    tokens: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum BudgetEventKind {
    Start,
    Failure,
    Success,
    Withdraw,
    Refund,
}

/// Runs all vectors about breakers. `place` puts a breaker where its state belongs, and `set_clock` sets its own clock
/// there.
pub(crate) fn run_breakers<B: Borrow<Breaker>>(
    place: impl Fn(Breaker) -> B,
    set_clock: impl Fn(Seconds),
) {
    for case in read::<Case<BreakerOptions, BreakerEvent>>("breakers.json") {
        let breaker = place(case.options.build().expect(&case.name));
        let mut runner = BreakerRunner {
            breaker: breaker.borrow(),
            set_clock: &set_clock,
            permits: BTreeMap::new(),
            draws: case.draws.iter(),
        };
        for (number, Timed { at, repeat, event }) in case.events.iter().enumerate() {
            let place = format!("{}, event {number}", case.name);
            let mut now = *at;
            for _ in 0..*repeat {
                let answer = runner.run(now, event);
                now += event.takes;
                assert!(event.is_answered_by(answer.as_ref()), "{place}: {answer:?}");
            }
            set_clock(seconds(now));
            assert_eq!(runner.breaker.state_at(|| seconds(now)).name(), event.state, "{place}");
        }
        let BreakerRunner { breaker, mut draws, .. } = runner;
        assert_eq!(draws.next(), None, "{}", case.name);
        let counts = [
            ("opened", breaker.opened()),
            ("rejected", breaker.rejected()),
            ("failures", breaker.failures()),
        ];
        for (name, count) in counts {
            assert_eq!(count, case.counts[name], "{name} of {}", case.name);
        }
    }
}

struct BreakerRunner<'a> {
    breaker: &'a Breaker,
    set_clock: &'a dyn Fn(Seconds),
    permits: BTreeMap<&'a str, (Permit, f64)>,
    draws: std::slice::Iter<'a, f64>,
}

/// The answer of `admit` or `check`; `check` gives no permit.
type Answer = Result<Option<Permit>, Open>;

impl<'a> BreakerRunner<'a> {
    fn run(&mut self, at: f64, event: &'a BreakerEvent) -> Option<Answer> {
        let now = || seconds(at);
        (self.set_clock)(now());
        match event.event {
            BreakerEventKind::Admit => {
                let admitted = self.breaker.admit_at(now);
                if let (Ok(permit), Some(name)) = (admitted, &event.name) {
                    self.permits.insert(name, (permit, at));
                }
                Some(admitted.map(Some))
            }
            BreakerEventKind::Call => {
                let admitted = self.breaker.admit_at(now);
                if let Ok(permit) = admitted {
                    self.settle(permit, event.health, at, at + event.takes);
                }
                Some(admitted.map(Some))
            }
            BreakerEventKind::Settle => {
                let name = event.permit.as_deref().unwrap();
                let (permit, began) = self.permits.remove(name).unwrap();
                self.settle(permit, event.health, began, at);
                None
            }
            BreakerEventKind::Check => Some(self.breaker.check_at(now).map(|()| None)),
            BreakerEventKind::ForceOpen => {
                self.breaker.force_open_at(now);
                None
            }
            BreakerEventKind::Isolate => {
                self.breaker.isolate();
                None
            }
            BreakerEventKind::Reset => {
                self.breaker.reset();
                None
            }
        }
    }

    fn settle(&mut self, permit: Permit, health: Option<HealthName>, began: f64, at: f64) {
        (self.set_clock)(seconds(at));
        let health = health.unwrap().into();
        let draws = &mut self.draws;
        let mut draw = || *draws.next().expect("a draw");
        self.breaker.settle_at(permit, health, || seconds(at - began), || seconds(at), &mut draw);
    }
}

impl BreakerEvent {
    fn is_answered_by(&self, answer: Option<&Answer>) -> bool {
        match (self.answer, answer) {
            (None, None) => true,
            (Some(AnswerName::Admitted), Some(Ok(permit))) => !permit.is_some_and(Permit::is_probe),
            (Some(AnswerName::Probe), Some(Ok(permit))) => permit.is_some_and(Permit::is_probe),
            (Some(AnswerName::Isolated), Some(Err(open))) => open.retry_in.is_none(),
            (Some(AnswerName::Open), Some(Err(open))) => {
                let difference = open.retry_in.map(Seconds::get).zip(self.retry_in);
                difference.is_some_and(|(ours, theirs)| (ours - theirs).abs() < 1e-6)
            }
            _ => false,
        }
    }
}

#[derive(Deserialize)]
struct BreakerEvent {
    event: BreakerEventKind,
    #[serde(rename = "as")]
    name: Option<String>,
    permit: Option<String>,
    health: Option<HealthName>,
    #[serde(default)]
    takes: f64,
    answer: Option<AnswerName>,
    retry_in: Option<f64>,
    state: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum BreakerEventKind {
    Admit,
    Settle,
    Call,
    Check,
    ForceOpen,
    Isolate,
    Reset,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AnswerName {
    Admitted,
    Probe,
    Open,
    Isolated,
}
