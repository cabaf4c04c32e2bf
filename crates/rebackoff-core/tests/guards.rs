//! Runs the conformance vectors about budgets and breakers, alone and inside whole calls.

use std::cell::Cell;
use std::collections::BTreeMap;

use guarded_calls::{Driver, GuardedCall, Guards, Outcome, Phase};
use guards::{BreakerOptions, BudgetOptions, HealthName, read, seconds};
use reader::{Decision, Expected, Said};
use rebackoff_core::{
    Breaker, Budget, CallGuards, Cost, Engine, Health, Open, Permit, Policy, Reason, Seconds, Step,
    Verdict, Withdrawal,
};
use serde::Deserialize;

#[path = "../../../conformance/guarded_calls.rs"]
mod guarded_calls;
#[path = "../../../conformance/guards.rs"]
mod guards;
#[allow(dead_code, reason = "the calls without guards are run in conformance.rs")]
#[path = "../../../conformance/reader.rs"]
mod reader;

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

#[test]
fn budgets_answer_as_the_vectors_say() {
    for case in read::<Case<BudgetOptions, BudgetEvent>>("budgets.json") {
        let budget = case.options.build().expect(&case.name);
        let mut withdrawals = BTreeMap::new();
        for (number, Timed { at, repeat, event }) in case.events.iter().enumerate() {
            let place = format!("{}, event {number}", case.name);
            for _ in 0..*repeat {
                run_budget(&budget, *at, event, &mut withdrawals, &place);
            }
            let left = budget.tokens(|| seconds(*at));
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
        BudgetEventKind::Start => budget.handle_start(|| seconds(at)),
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
            let withdrawal = budget.withdraw(cost, || seconds(at));
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

#[test]
fn breakers_answer_as_the_vectors_say() {
    for case in read::<Case<BreakerOptions, BreakerEvent>>("breakers.json") {
        let mut runner = BreakerRunner {
            breaker: case.options.build().expect(&case.name),
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
            assert_eq!(runner.breaker.state(|| seconds(now)).name(), event.state, "{place}");
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
    breaker: Breaker,
    permits: BTreeMap<&'a str, (Permit, f64)>,
    draws: std::slice::Iter<'a, f64>,
}

/// The answer of `admit` or `check`; `check` gives no permit.
type Answer = Result<Option<Permit>, Open>;

impl<'a> BreakerRunner<'a> {
    fn run(&mut self, at: f64, event: &'a BreakerEvent) -> Option<Answer> {
        let now = || seconds(at);
        match event.event {
            BreakerEventKind::Admit => {
                let admitted = self.breaker.admit(now);
                if let (Ok(permit), Some(name)) = (admitted, &event.name) {
                    self.permits.insert(name, (permit, at));
                }
                Some(admitted.map(Some))
            }
            BreakerEventKind::Call => {
                let admitted = self.breaker.admit(now);
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
            BreakerEventKind::Check => Some(self.breaker.check(now).map(|()| None)),
            BreakerEventKind::ForceOpen => {
                self.breaker.force_open(now);
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
        let health = health.unwrap().into();
        let draws = &mut self.draws;
        let mut draw = || *draws.next().expect("a draw");
        self.breaker.settle(permit, health, || seconds(at - began), || seconds(at), &mut draw);
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

#[test]
fn call_guards_answer_as_the_vectors_say() {
    guarded_calls::run_all(|| Core::with(each_alone), |_, _| true);
    guarded_calls::run_all(
        || Core::with(both_in_one),
        |budgets, breakers| budgets.max(breakers) < 2,
    );
}

/// A driver that only asks: the engine, then the guards.
struct Core {
    now: Cell<f64>,
    held: fn(&Guards) -> Vec<Held<'_>>,
}

/// The guards that one `CallGuards` is for.
struct Held<'g> {
    budget: Option<&'g Budget>,
    breaker: Option<&'g Breaker>,
    state: CallGuards,
}

fn each_alone(guards: &Guards) -> Vec<Held<'_>> {
    let state = CallGuards::new;
    let breakers = guards.breakers.iter();
    let breakers =
        breakers.map(|breaker| Held { budget: None, breaker: Some(breaker), state: state() });
    let budgets = guards.budgets.iter();
    let budgets =
        budgets.map(|budget| Held { budget: Some(budget), breaker: None, state: state() });
    breakers.chain(budgets).collect()
}

fn both_in_one(guards: &Guards) -> Vec<Held<'_>> {
    let (budget, breaker) = (guards.budgets.first(), guards.breakers.first());
    vec![Held { budget, breaker, state: CallGuards::new() }]
}

impl Core {
    fn with(held: fn(&Guards) -> Vec<Held<'_>>) -> Self {
        Self { now: Cell::new(0.0), held }
    }

    /// Settles a try in all guards, and asks them for the retry that the engine has decided.
    fn settle(
        &self,
        held: &mut [Held<'_>],
        outcome: &Outcome,
        verdict: Verdict,
        step: Step,
    ) -> Decision {
        let now = || self.now();
        let neutral = outcome.rejection.then_some(HealthName::Neutral);
        let health = outcome.health.or(neutral).map(Health::from);
        for one in held.iter_mut() {
            one.state.handle_settled(one.budget, one.breaker, verdict, health, now, &mut || 0.5);
        }
        let wait = match step {
            Step::Accept => return Decision::Accept,
            Step::GiveUp { reason, .. } => return gives_up(reason),
            Step::Retry { wait, .. } => wait,
        };
        let asked = ask_all(held, |one| {
            one.state.handle_retry(one.budget, one.breaker, outcome.cost(), wait, now)
        });
        asked.map_or_else(gives_up, |()| Decision::Retry { wait: wait.get() })
    }
}

fn gives_up(reason: Reason) -> Decision {
    Decision::GiveUp { reason: reason.to_string() }
}

/// Asks the guards in order, and abandons the others where one refuses.
fn ask_all<E>(
    held: &mut [Held<'_>],
    ask: impl FnMut(&mut Held<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let asked = held.iter_mut().try_for_each(ask);
    asked.inspect_err(|_| abandon_all(held))
}

fn abandon_all(held: &mut [Held<'_>]) {
    for Held { budget, breaker, state } in held {
        state.handle_abandoned(*budget, *breaker);
    }
}

impl Driver for Core {
    fn now(&self) -> Seconds {
        seconds(self.now.get())
    }

    fn advance(&self, time: f64) {
        self.now.set(self.now.get() + time);
    }

    fn call(&self, policy: &Policy, guards: &Guards, call: &GuardedCall) -> Vec<Expected> {
        let (mut held, mut engine, mut steps) = ((self.held)(guards), Engine::new(), Vec::new());
        let (begin, now) = (self.now.get(), || self.now());
        let started = ask_all(&mut held, |one| {
            one.state.handle_start(one.budget, one.breaker, now).map(drop)
        });
        if started.is_err() {
            return vec![Expected {
                tries: 0,
                total_tries: None,
                elapsed: 0.0,
                decision: gives_up(Reason::Breaker),
            }];
        }
        for outcome in &call.outcomes {
            if outcome.abandoned == Some(Phase::Begin) {
                break;
            }
            let tries = engine.handle_try();
            for one in &mut held {
                one.state.handle_try();
            }
            self.advance(outcome.takes);
            guards.happen(&outcome.events, now);
            if outcome.abandoned == Some(Phase::Try) {
                break;
            }
            let (verdict, elapsed) = (verdict(outcome), seconds(self.now.get() - begin));
            let step = engine.handle_outcome(policy, verdict, elapsed, &mut || 0.5);
            let decision = self.settle(&mut held, outcome, verdict, step);
            steps.push(Expected {
                tries,
                total_tries: None,
                elapsed: elapsed.get(),
                decision: decision.clone(),
            });
            let Decision::Retry { wait } = decision else { break };
            guards.happen(&outcome.in_wait, now);
            if outcome.abandoned == Some(Phase::Wait) {
                break;
            }
            self.advance(wait);
            let resumed = ask_all(&mut held, |one| {
                one.state.handle_resume(one.budget, one.breaker, now).map(drop)
            });
            if resumed.is_err() {
                let elapsed = self.now.get() - begin;
                steps.push(Expected {
                    tries,
                    total_tries: None,
                    elapsed,
                    decision: gives_up(Reason::Breaker),
                });
                break;
            }
        }
        abandon_all(&mut held);
        steps
    }
}

fn verdict(outcome: &Outcome) -> Verdict {
    match outcome.verdict {
        Said::Accept => Verdict::Accept,
        Said::Retry => Verdict::Retry,
        Said::GiveUp => Verdict::GiveUp,
        Said::Stop => Verdict::Stop,
    }
}
