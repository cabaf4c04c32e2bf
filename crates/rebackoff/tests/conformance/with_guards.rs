//! Blocking and async calls with guards, and loops of the caller's own.

use std::cell::{Cell, RefCell};
use std::future::{Future, IntoFuture, pending};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use rebackoff::engine::{Call, Guarding, Mode, Rejects, Target as Calls};
use rebackoff::hooks::{Class, OnError};
use rebackoff::prelude::*;
use rebackoff::sleepers::Timeline;
use rebackoff::testing::VirtualClock;
use rebackoff::{AsyncSleeper, Clock, FromOpen, Health, Hook, Open, Seconds};

use super::guarded_calls::{Driver, GuardedCall, Guards, Outcome, Phase, run_all};
use super::reader::{Decision, Expected, Said};

#[test]
fn blocking_calls_take_the_steps_of_every_vector_about_guards() {
    run_all(|| Driven::by(blocking), |_, _| true);
}

#[test]
fn async_calls_take_the_steps_of_every_vector_about_guards() {
    run_all(|| Driven::by(asynchronous), |_, _| true);
}

type Answer<'c> = Result<&'c Outcome, Failure<'c>>;

#[derive(Clone, Copy)]
enum Failure<'c> {
    Down(&'c Outcome),
    /// The target's own rejection, or that of the call.
    Rejected(Option<&'c Outcome>),
}

impl<'c> Failure<'c> {
    fn outcome(self) -> Option<&'c Outcome> {
        match self {
            Self::Down(outcome) => Some(outcome),
            Self::Rejected(outcome) => outcome,
        }
    }
}

impl FromOpen for Failure<'_> {
    fn from_open(_: Open) -> Self {
        Self::Rejected(None)
    }

    fn is_rejection(&self) -> bool {
        matches!(self, Self::Rejected(_))
    }
}

/// Calls by one kind of driver, on a virtual clock.
struct Driven {
    clock: VirtualClock,
    run: fn(&Script<'_>, &Policy),
}

impl Driven {
    fn by(run: fn(&Script<'_>, &Policy)) -> Self {
        Self { clock: VirtualClock::new(), run }
    }
}

impl Driver for Driven {
    fn now(&self) -> Seconds {
        self.clock.now().into()
    }

    fn advance(&self, time: f64) {
        self.clock.advance(Duration::from_secs_f64(time));
    }

    fn call(&self, policy: &Policy, guards: &Guards, call: &GuardedCall) -> Vec<Expected> {
        let (outcomes, clock) = (&call.outcomes, self.clock.clone());
        let script = Script {
            outcomes,
            guards,
            clock,
            tries: Cell::default(),
            steps: RefCell::default(),
            hangs: Cell::default(),
        };
        (self.run)(&script, policy);
        script.steps.into_inner()
    }
}

struct Script<'c> {
    outcomes: &'c [Outcome],
    guards: &'c Guards,
    clock: VirtualClock,
    tries: Cell<usize>,
    steps: RefCell<Vec<Expected>>,
    /// The future of the call is dropped where it is.
    hangs: Cell<bool>,
}

fn blocking(script: &Script<'_>, policy: &Policy) {
    let target = || {
        script.begin();
        if script.is_abandoned(Phase::Try) {
            unwind();
        }
        script.answer()
    };
    let call = policy.retry(target).sleeper(script.clock.clone());
    let call = script.guarded(call).on_backoff(|_| {
        if script.is_abandoned(Phase::Wait) {
            unwind();
        }
    });
    drop(catch_unwind(AssertUnwindSafe(|| call.call().is_ok())));
}

fn asynchronous(script: &Script<'_>, policy: &Policy) {
    let target = || async {
        script.begin();
        if script.is_abandoned(Phase::Try) {
            script.hangs.set(true);
            pending::<()>().await;
        }
        script.answer()
    };
    let call = policy.retry_async(target).sleeper(Hanging(script));
    let call =
        script.guarded(call).on_backoff(|_| script.hangs.set(script.is_abandoned(Phase::Wait)));
    let poll = AssertUnwindSafe(|| {
        let mut future = pin!(call.into_future());
        while future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            if script.hangs.get() {
                return;
            }
        }
    });
    drop(catch_unwind(poll));
}

/// Unwinds without a message.
fn unwind() -> ! {
    resume_unwind(Box::new(()))
}

/// A virtual clock on which the wait of an abandoned call never ends.
struct Hanging<'s, 'c>(&'s Script<'c>);

impl Clock for Hanging<'_, '_> {
    fn timeline(&self) -> Timeline {
        self.0.clock.timeline()
    }
}

impl<'s> AsyncSleeper for Hanging<'s, '_> {
    type Sleep = std::pin::Pin<Box<dyn Future<Output = ()> + 's>>;

    fn sleep(&self, wait: Duration) -> Self::Sleep {
        if self.0.hangs.get() {
            return Box::pin(pending());
        }
        Box::pin(AsyncSleeper::sleep(&self.0.clock, wait))
    }
}

impl<'c> Script<'c> {
    fn outcome(&self) -> &'c Outcome {
        &self.outcomes[self.tries.get() - 1]
    }

    fn now(&self) -> Seconds {
        self.clock.now().into()
    }

    fn is_abandoned(&self, phase: Phase) -> bool {
        self.outcome().abandoned == Some(phase)
    }

    /// Lets the time of a try pass, and what happens in it happen.
    fn begin(&self) {
        self.tries.set(self.tries.get() + 1);
        self.clock.advance(Duration::from_secs_f64(self.outcome().takes));
        self.guards.happen(&self.outcome().events, || self.now());
    }

    fn answer(&self) -> Answer<'c> {
        match self.outcome() {
            outcome if outcome.rejection => Err(Failure::Rejected(Some(outcome))),
            outcome if outcome.verdict == Said::Accept => Ok(outcome),
            outcome => Err(Failure::Down(outcome)),
        }
    }

    /// Adds the guards of the case, and takes down the events.
    fn guarded<'s, P, F, M>(
        &'s self,
        call: Call<P, F, OnError, M>,
    ) -> Call<P, F, impl Hook<Answer<'c>>, M, impl Guarding<Rejection: Rejects<Answer<'c>>>>
    where
        P: AsRef<Policy>,
        F: Calls<M, Outcome = Answer<'c>>,
        M: Mode,
    {
        let Guards { budgets, breakers } = self.guards;
        call.hook(Judged)
            .budget(budgets.first())
            .budget(budgets.get(1))
            .breaker(breakers.first())
            .breaker(breakers.get(1))
            .on_try(|event| {
                let next = &self.outcomes[usize::try_from(event.tries).unwrap() - 1];
                if next.abandoned == Some(Phase::Begin) {
                    unwind();
                }
            })
            .on_backoff(|event| {
                self.take_down(event);
                self.guards.happen(&self.outcome().in_wait, || self.now());
            })
            .on_giveup(|event| self.take_down(event))
            .on_success(|event| self.take_down(event))
    }

    fn take_down(&self, event: &Event<'_, Answer<'_>>) {
        let decision = match (event.wait, event.reason) {
            (Some(wait), _) => Decision::Retry { wait: wait.as_secs_f64() },
            (None, Some(reason)) => Decision::GiveUp { reason: reason.to_string() },
            (None, None) => Decision::Accept,
        };
        let elapsed = event.elapsed().as_secs_f64();
        self.steps.borrow_mut().push(Expected {
            tries: event.tries,
            total_tries: None,
            elapsed,
            decision,
        });
    }
}

/// The verdict, the health and the cost that an outcome names.
struct Judged;

impl Hook<Answer<'_>> for Judged {
    fn judge(&mut self, answer: &Answer<'_>, verdict: Verdict) -> Verdict {
        let failed = answer.as_ref().err().and_then(|failure| failure.outcome());
        match failed.map(|outcome| outcome.verdict) {
            Some(Said::GiveUp) => Verdict::GiveUp,
            Some(Said::Stop) => Verdict::Stop,
            _ => verdict,
        }
    }

    fn classify(&mut self, answer: &Answer<'_>) -> Class {
        let outcome = match *answer {
            Ok(outcome) => Some(outcome),
            Err(failure) => failure.outcome(),
        };
        let health = outcome.and_then(|outcome| outcome.health).map(Health::from);
        let mut class = Class::of_health(health);
        class.cost = outcome.map(Outcome::cost);
        class
    }
}
