//! Runs the conformance vectors through blocking and async calls, on a virtual clock.

use std::cell::RefCell;
use std::time::Duration;

use futures_lite::future;
use rebackoff::Hook;
use rebackoff::engine::{Call, Mode, Target as Calls, Wait};
use rebackoff::prelude::*;
use rebackoff::testing::{self, VirtualClock};

#[path = "../../../conformance/guarded_calls.rs"]
mod guarded_calls;
#[path = "../../../conformance/guards.rs"]
mod guards;
#[path = "../../../conformance/reader.rs"]
mod reader;
#[path = "conformance/with_guards.rs"]
mod with_guards;

use reader::{Case, Decision, Expected, Outcome, Said, Target};

#[test]
fn blocking_calls_take_the_steps_of_every_vector() {
    reader::run_all(|case| play(case, blocking));
}

#[test]
fn async_calls_take_the_steps_of_every_vector() {
    reader::run_all(|case| play(case, |script| future::block_on(asynchronous(script))));
}

fn play(
    case: &Case,
    call: impl FnOnce(&Script<'_>) -> Expected,
) -> std::result::Result<(), String> {
    const ONE_TOO_MANY: f64 = 0.123;
    let draws = testing::draws(case.draws().chain([ONE_TOO_MANY]));
    let script = Script::new(case);
    let last = call(&script);
    let steps = script.steps.into_inner();
    let slept = script.clock.waits();
    case.compare(steps.iter().cloned())?;
    if steps.last() != Some(&last) {
        return Err(format!("ended otherwise than it told, with {last}"));
    }
    if !slept.iter().map(Duration::as_secs_f64).eq(steps.iter().filter_map(wait)) {
        return Err("slept other waits than it told".to_owned());
    }
    match draws.left() {
        1 => Ok(()),
        left => Err(format!("{left} draws are left, not just the one too many")),
    }
}

fn blocking(script: &Script<'_>) -> Expected {
    let (policy, clock) = (&script.case.policy, script.clock.clone());
    match script.case.target {
        Target::Errors => {
            let call = policy.retry(|| script.result()).sleeper(clock);
            let call = script.observed(judged(call));
            if script.is_runtime() {
                ending(&call.wait_from(runtime_of_result).outcome())
            } else {
                ending(&call.outcome())
            }
        }
        Target::Values => {
            let call =
                policy.poll(|| script.value()).sleeper(clock).until(|value| is_wanted(value));
            let call = script.observed(call);
            if script.is_runtime() {
                ending(&call.wait_from(|value| runtime_of_value(value)).outcome())
            } else {
                ending(&call.outcome())
            }
        }
    }
}

async fn asynchronous(script: &Script<'_>) -> Expected {
    let (policy, clock) = (&script.case.policy, script.clock.clone());
    match script.case.target {
        Target::Errors => {
            let call = policy.retry_async(move || async move { script.result() }).sleeper(clock);
            let call = script.observed(judged(call));
            if script.is_runtime() {
                ending(&call.wait_from(runtime_of_result).outcome().await)
            } else {
                ending(&call.outcome().await)
            }
        }
        Target::Values => {
            let call = policy
                .poll_async(move || async move { script.value() })
                .sleeper(clock)
                .until(|value| is_wanted(value));
            let call = script.observed(call);
            if script.is_runtime() {
                ending(&call.wait_from(|value| runtime_of_value(value)).outcome().await)
            } else {
                ending(&call.outcome().await)
            }
        }
    }
}

fn ending<O>(outcome: &rebackoff::Outcome<O>) -> Expected {
    let decision = match outcome.reason {
        None => Decision::Accept,
        Some(reason) => Decision::GiveUp { reason: reason.to_string() },
    };
    let elapsed = outcome.elapsed.as_secs_f64();
    Expected { tries: outcome.tries, total_tries: Some(outcome.total_tries), elapsed, decision }
}

/// The wait of a step, where there is one to sleep.
fn wait(step: &Expected) -> Option<f64> {
    match step.decision {
        Decision::Retry { wait } if wait > 0.0 => Some(wait),
        _ => None,
    }
}

type Result<'c> = std::result::Result<&'c Outcome, &'c Outcome>;

/// The condition and the hints of a call that retries on errors.
fn judged<'c, P, F, H, M, G>(call: Call<P, F, H, M, G>) -> Call<P, F, impl Hook<Result<'c>>, M, G>
where
    F: Calls<M, Outcome = Result<'c>>,
    H: Hook<Result<'c>>,
    M: Mode,
{
    call.giveup(|error: &&Outcome| error.verdict == Said::GiveUp)
        .hint(|error: &&Outcome| error.hint.map(Duration::from_secs_f64))
        .hook(StopWhereAsked)
}

struct StopWhereAsked;

impl Hook<Result<'_>> for StopWhereAsked {
    fn judge(&mut self, result: &Result<'_>, verdict: Verdict) -> Verdict {
        match result {
            Err(error) if error.verdict == Said::Stop => Verdict::Stop,
            _ => verdict,
        }
    }
}

fn is_wanted(value: &Outcome) -> bool {
    value.verdict == Said::Accept
}

fn runtime_of_result(result: &Result<'_>) -> Option<Duration> {
    result.err().and_then(runtime_of_value)
}

fn runtime_of_value(value: &Outcome) -> Option<Duration> {
    value.runtime.map(Duration::from_secs_f64)
}

/// The steps of a call, and the events that it reported.
struct Script<'c> {
    case: &'c Case,
    outcomes: RefCell<Box<dyn Iterator<Item = &'c Outcome> + 'c>>,
    clock: VirtualClock,
    steps: RefCell<Vec<Expected>>,
}

impl<'c> Script<'c> {
    fn new(case: &'c Case) -> Self {
        let outcomes = RefCell::new(Box::new(case.outcomes()) as Box<_>);
        Self { case, outcomes, clock: VirtualClock::new(), steps: RefCell::default() }
    }

    fn is_runtime(&self) -> bool {
        matches!(self.case.policy.wait(), Wait::Runtime(_))
    }

    /// A try that returns a value. One more than the case has is accepted, to be told apart.
    fn value(&self) -> &'c Outcome {
        const TOO_MANY: Outcome =
            Outcome { verdict: Said::Accept, takes: 0.0, hint: None, runtime: None };
        let outcome = self.outcomes.borrow_mut().next().unwrap_or(&TOO_MANY);
        self.clock.advance(Duration::from_secs_f64(outcome.takes));
        outcome
    }

    /// A try that returns an error where it is not accepted.
    fn result(&self) -> Result<'c> {
        let outcome = self.value();
        if is_wanted(outcome) { Ok(outcome) } else { Err(outcome) }
    }

    /// Takes down what the handlers are told.
    fn observed<P, F, H, M, G>(
        &self,
        call: Call<P, F, H, M, G>,
    ) -> Call<P, F, impl Hook<F::Outcome>, M, G>
    where
        F: Calls<M>,
        H: Hook<F::Outcome>,
        M: Mode,
    {
        call.on_backoff(|event| self.take_down(event))
            .on_giveup(|event| self.take_down(event))
            .on_success(|event| self.take_down(event))
    }

    fn take_down<O>(&self, event: &Event<'_, O>) {
        let decision = match (event.wait, event.reason) {
            (Some(wait), _) => Decision::Retry { wait: wait.as_secs_f64() },
            (None, Some(reason)) => Decision::GiveUp { reason: reason.to_string() },
            (None, None) => Decision::Accept,
        };
        let elapsed = event.elapsed().as_secs_f64();
        self.steps.borrow_mut().push(Expected {
            tries: event.tries,
            total_tries: Some(event.total_tries),
            elapsed,
            decision,
        });
    }
}
