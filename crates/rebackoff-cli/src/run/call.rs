//! One call: everything from the first try to the exit code.

use std::time::{Duration, Instant};

use rebackoff_core::{Engine, EventKind, LastWait, Reason, Seconds, Step, Verdict};

use super::Run;
use super::attempt::{Attempt, Task};
use super::conditions::Judge;
use super::environment::Environment;
use super::state::{State, Store};
use super::streams::{Recording, Streams};
use super::surroundings::{Interruption, Surroundings};
use super::wait;
use crate::Failure;
use crate::ending::Ending;
use crate::failure::reason;
use crate::random::Chance;
use crate::tell::{self, Told};

/// One call: everything from the first try to the exit code.
pub(super) struct Call<'r> {
    run: &'r Run,
    surroundings: Surroundings,
    engine: Engine,
    draws: Chance,
    judge: Judge,
    start: Instant,
    /// What went before, in earlier runs.
    before: Duration,
    last_code: Option<u8>,
    stdin: Option<Recording>,
    store: Option<Store>,
}

pub(super) enum Begun<'r> {
    Call(Box<Call<'r>>),
    /// The wait of an earlier run is not over; its code is this one's.
    TooEarly(u8),
}

/// What one try came to.
pub(super) struct Outcome {
    ending: Ending,
    verdict: Verdict,
    elapsed: Duration,
    interruption: Option<Interruption>,
    /// The try itself, whose held output is still to go somewhere; none where there was no command to start.
    attempt: Option<Attempt>,
}

pub(super) enum Next {
    Return,
    Leave(Interruption),
    GiveUp(Reason),
    Retry(Duration),
}

impl<'r> Call<'r> {
    pub(super) fn begin(run: &'r Run) -> Result<Begun<'r>, Failure> {
        let store = run.state.as_deref().map(Store::open).transpose()?;
        let state = store.as_ref().and_then(Store::state).cloned();
        if let Some(state) = &state {
            if let Some(left) = state.wait_left() {
                run.voice.say_too_early(state.tries, left);
                return Ok(Begun::TooEarly(state.exit_code));
            }
        }
        let surroundings = Surroundings::enter(run.grace, !run.replay_stdin)?;
        let (engine, streak) = state.as_ref().map_or((Engine::new(), 0), State::resume);
        Ok(Begun::Call(Box::new(Self {
            run,
            surroundings,
            engine,
            draws: Chance::default(),
            judge: Judge::new(streak),
            start: Instant::now(),
            before: state.as_ref().map(State::elapsed).unwrap_or_default(),
            last_code: state.map(|state| state.exit_code),
            stdin: run.replay_stdin.then(Recording::default),
            store,
        })))
    }

    // Getters

    fn elapsed(&self) -> Duration {
        self.before.saturating_add(self.start.elapsed())
    }

    fn remaining(&self) -> Option<Duration> {
        let elapsed = Seconds::from_duration(self.elapsed());
        self.run.policy.limits().remaining(elapsed).map(Seconds::to_duration)
    }

    fn environment(&self) -> Environment {
        Environment {
            tries: self.engine.tries(),
            max_tries: self.run.policy.max_tries(),
            last_exit: self.last_code,
            elapsed: self.elapsed(),
            remaining: self.remaining(),
        }
    }

    /// The limit on the try that begins now.
    fn timeout(&self) -> Option<Duration> {
        let limit = self.run.timeout?;
        let remaining = self.remaining();
        let ends = self.run.policy.limits().last_wait == LastWait::Stop;
        Some(remaining.filter(|_| ends).map_or(limit, |left| left.min(limit)))
    }

    fn told(&self, event: EventKind) -> Told {
        Told {
            max_tries: self.run.policy.max_tries().map(u64::from),
            ..Told::new(event, self.engine.tries(), self.elapsed())
        }
    }

    // Handlers

    /// One try, to its end.
    pub(super) fn attempt(&mut self) -> Result<Outcome, Failure> {
        self.run.voice.say(&self.told(EventKind::Try), &self.run.command);
        let task = Task {
            command: &self.run.command,
            environment: self.environment(),
            timeout: self.timeout(),
            streams: Streams::new(&self.run.conditions, self.run.once, self.run.replay_stdin),
        };
        let (ending, attempt) = match Attempt::begin(task, &mut self.surroundings)? {
            Ok(mut attempt) => {
                let ending = attempt.watch(&mut self.surroundings, self.stdin.as_mut())?;
                (ending, Some(attempt))
            }
            Err(ending) => (ending, None),
        };
        let elapsed = self.elapsed();
        let seen = attempt.as_ref().map(Attempt::seen).unwrap_or_default();
        let verdict = self.judge.judge(&self.run.conditions, ending, seen);
        let interruption = self.surroundings.interruption(ending);
        self.last_code = Some(ending.code());
        Ok(Outcome { ending, verdict, elapsed, interruption, attempt })
    }

    pub(super) fn decide(&mut self, outcome: &Outcome) -> Next {
        if let (Some(interruption), true) =
            (outcome.interruption, outcome.verdict != Verdict::Accept)
        {
            return Next::Leave(interruption);
        }
        let elapsed = Seconds::from_duration(outcome.elapsed);
        let policy = &self.run.policy;
        match self.engine.handle_outcome(policy, outcome.verdict, elapsed, &mut self.draws) {
            Step::Accept => Next::Return,
            Step::GiveUp { reason } => Next::GiveUp(reason),
            Step::Retry { wait } => Next::Retry(wait.to_duration()),
        }
    }

    pub(super) fn succeed(mut self: Box<Self>, outcome: Outcome) -> Result<u8, Failure> {
        if let Some(mut attempt) = outcome.attempt {
            has_spilled(&attempt);
            // A command that was asked to end and has succeeded all the same has done its work.
            let was_asked = self.surroundings.ended_by.take().is_some();
            attempt.release(&mut self.surroundings)?;
            if was_asked {
                attempt.clear(&mut self.surroundings);
            }
            if let Some(interruption) = self.surroundings.end_of_call() {
                return Ok(interruption.leave(interruption.code()));
            }
        }
        self.forget()?;
        let told = self.told(EventKind::Success).with_ending(outcome.ending);
        self.run.voice.say(&told, &self.run.command);
        Ok(outcome.ending.code())
    }

    /// A signal, or a reader that is gone, ends the call.
    pub(super) fn leave(mut self: Box<Self>, outcome: Outcome, why: Interruption) -> u8 {
        if let Some(mut attempt) = outcome.attempt {
            attempt.clear(&mut self.surroundings);
        }
        why.leave(outcome.ending.code())
    }

    pub(super) fn give_up(
        mut self: Box<Self>,
        outcome: Outcome,
        reason: Reason,
    ) -> Result<u8, Failure> {
        let mut held_back = 0;
        let mut spilled = false;
        if let Some(mut attempt) = outcome.attempt {
            attempt.clear(&mut self.surroundings);
            held_back = attempt.held_back();
            spilled = has_spilled(&attempt);
        }
        self.forget()?;
        let told = Told { reason: Some(reason), held_back, ..self.told(EventKind::Giveup) };
        let told = told.with_hint(outcome.verdict.hint()).with_ending(outcome.ending);
        self.run.voice.say(&told, &self.run.command);
        match (reason, outcome.ending.code()) {
            _ if spilled => Ok(Failure::CODE),
            (Reason::MaxTime, _) => Ok(Ending::TIME_LIMIT),
            // Not what was wanted, or it would have been accepted.
            (_, 0) if !self.run.conditions.until_fail => Ok(1),
            (_, code) => Ok(code),
        }
    }

    /// Waits before the next try; gives the exit code where there is none in this run.
    pub(super) fn back_off(
        &mut self,
        outcome: Outcome,
        wait: Duration,
    ) -> Result<Option<u8>, Failure> {
        let Outcome { ending, verdict, attempt, .. } = outcome;
        // The wait is from the end of the try, and clearing up is part of that try.
        if let Some(mut attempt) = attempt {
            attempt.clear(&mut self.surroundings);
            if has_spilled(&attempt) {
                return Ok(Some(Failure::CODE));
            }
        }
        // The engine has gone on to the next try already.
        let failed = Told { tries: self.engine.tries() - 1, ..self.told(EventKind::Backoff) };
        let told =
            Told { wait: Some(wait), ..failed }.with_hint(verdict.hint()).with_ending(ending);
        self.run.voice.say(&told, &self.run.command);
        if let Some(interruption) = self.run_on_retry()? {
            return Ok(Some(interruption.leave(interruption.code())));
        }
        if let Some(store) = &mut self.store {
            let elapsed = self.before.saturating_add(self.start.elapsed());
            let state = State::after(&self.engine, &self.judge, elapsed, wait, ending);
            store.keep(state)?;
            return Ok(Some(ending.code()));
        }
        match wait::wait(&mut self.surroundings, &self.run.voice, wait, &told) {
            Some(interruption) => Ok(Some(interruption.leave(interruption.code()))),
            None => Ok(None),
        }
    }

    fn run_on_retry(&mut self) -> Result<Option<Interruption>, Failure> {
        let Some(script) = &self.run.on_retry else {
            return Ok(None);
        };
        let command = ["sh".into(), "-c".into(), script.clone()];
        let task = Task {
            command: &command,
            environment: self.environment(),
            timeout: None,
            streams: Streams::to_stderr(),
        };
        let ending = match Attempt::begin(task, &mut self.surroundings)? {
            Ok(mut attempt) => attempt.watch(&mut self.surroundings, None)?,
            Err(ending) => ending,
        };
        if ending != Ending::Exited(0) {
            self.run.voice.warn(format_args!("the command of --on-retry {ending}"));
        }
        Ok(self.surroundings.interruption(ending))
    }

    fn forget(&mut self) -> Result<(), Failure> {
        self.store.as_mut().map_or(Ok(()), Store::forget)
    }
}

/// Whether output has been passed on before its try had succeeded, for want of room to hold it back.
fn has_spilled(attempt: &Attempt) -> bool {
    let Some(error) = attempt.spilled() else {
        return false;
    };
    let reason = reason(error);
    tell::complain(format_args!(
        "cannot hold back more of stdout, which is passed on as it comes: {reason}"
    ));
    true
}
