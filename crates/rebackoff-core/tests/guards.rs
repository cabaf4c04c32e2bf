//! Runs the conformance vectors about budgets and breakers, alone and inside whole calls.

use std::cell::Cell;

use guarded_calls::{Driver, GuardedCall, Guards, Outcome, Phase};
use guards::{HealthName, seconds};
use reader::{Decision, Expected, Said};
use rebackoff_core::{
    Breaker, Budget, CallGuards, Engine, Health, Policy, Reason, Seconds, Step, Verdict,
};

#[path = "../../../conformance/guarded_calls.rs"]
mod guarded_calls;
#[path = "../../../conformance/guards.rs"]
mod guards;
#[allow(dead_code, reason = "the calls without guards are run in conformance.rs")]
#[path = "../../../conformance/reader.rs"]
mod reader;
#[path = "models/vectors.rs"]
mod vectors;

#[test]
fn budgets_answer_as_the_vectors_say() {
    vectors::run_budgets(|budget| budget, |_| {});
}

#[test]
fn breakers_answer_as_the_vectors_say() {
    vectors::run_breakers(|breaker| breaker, |_| {});
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
