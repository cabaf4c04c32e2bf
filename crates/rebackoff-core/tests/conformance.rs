//! Runs the conformance vectors on the engine alone, with floating-point time.

#[path = "../../../conformance/reader.rs"]
mod reader;

use reader::{Case, Decision, Expected, Outcome, Said};
use rebackoff_core::{Draws, Engine, NextWait, Policy, Seconds, Step, Verdict, Wait};

#[test]
fn the_engine_takes_the_steps_of_every_vector() {
    reader::run_all(|case| {
        let mut draws = case.draws();
        let mut missing = 0;
        case.compare(steps(case, &mut || {
            draws.next().unwrap_or_else(|| {
                missing += 1;
                0.0
            })
        }))?;
        match (missing, draws.count()) {
            (0, 0) => Ok(()),
            (missing, left) => Err(format!("{missing} draws too many, {left} too few were taken")),
        }
    });
}

/// The steps that the engine takes on the outcomes of `case`, until it ends or they do.
fn steps(case: &Case, draws: &mut impl Draws) -> impl Iterator<Item = Expected> {
    let mut engine = Engine::new();
    let mut clock = Seconds::ZERO;
    let mut ended = false;
    case.outcomes().map_while(move |outcome| {
        if ended {
            return None;
        }
        clock = clock.saturating_add(seconds(outcome.takes));
        engine.handle_try();
        if outcome.verdict != Said::Accept
            && engine.handle_long_try(case.policy.limits(), seconds(outcome.takes))
        {
            clock = Seconds::ZERO;
        }
        let (tries, total_tries) = (engine.tries(), Some(engine.total_tries()));
        let elapsed = clock.get();
        let decision = match step(&mut engine, &case.policy, outcome, clock, draws) {
            Step::Accept => Decision::Accept,
            Step::GiveUp { reason, .. } => Decision::GiveUp { reason: reason.to_string() },
            Step::Retry { wait, .. } => {
                clock = clock.saturating_add(wait);
                Decision::Retry { wait: wait.get() }
            }
        };
        ended = !matches!(decision, Decision::Retry { .. });
        Some(Expected { tries, total_tries, elapsed, decision })
    })
}

fn step(
    engine: &mut Engine,
    policy: &Policy,
    outcome: &Outcome,
    elapsed: Seconds,
    draws: &mut impl Draws,
) -> Step {
    let verdict = match (outcome.verdict, outcome.hint) {
        (Said::Accept, _) => Verdict::Accept,
        (Said::Retry, None) => Verdict::Retry,
        (Said::Retry, Some(hint)) => Verdict::RetryAfter(seconds(hint)),
        (Said::GiveUp, _) => Verdict::GiveUp,
        (Said::Stop, _) => Verdict::Stop,
    };
    if !matches!(policy.wait(), Wait::Runtime(_)) {
        return engine.handle_outcome(policy, verdict, elapsed, draws);
    }
    if let Some(step) = engine.handle_verdict(policy.limits(), verdict, elapsed) {
        return step;
    }
    let wait = outcome.runtime.map(seconds);
    let wait = wait.map(|raw| NextWait { raw, jittered: policy.spread(raw, draws) });
    engine.handle_wait(policy.limits(), verdict, elapsed, wait, draws)
}

fn seconds(number: f64) -> Seconds {
    Seconds::new(number).expect("a number of seconds")
}
