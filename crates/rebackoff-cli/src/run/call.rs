//! One call: everything from the first try to the exit code.

use std::ffi::OsStr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rebackoff_core::{Engine, EventKind, LastWait, Reason, Seconds, Step, Verdict};

use super::Run;
use super::attempt::{Attempt, Task};
use super::conditions::Judge;
use super::context::{Context, Interruption};
use super::environment::{Environment, Progress};
use super::hook::run_hook;
use super::processes::Survivor;
use super::program::Program;
use super::state::{Opened, State, Store};
use super::streams::{Recording, Streams};
use super::wait;
use crate::Failure;
use crate::ending::Ending;
use crate::failure::reason;
use crate::options::FailedOutput;
use crate::random::Chance;
use crate::report::{self, CANCELLED, Report, UNKILLABLE};

/// The shortest limit on a hook whose limit is the wait.
const SHORTEST_HOOK: Duration = Duration::from_secs(1);

/// One call: everything from the first try to the exit code.
pub(super) struct Call<'r> {
    run: &'r Run,
    context: Context,
    program: Program,
    environment: Environment,
    engine: Engine,
    draws: Chance,
    judge: Judge,
    start: Instant,
    /// The time that went before, in earlier runs.
    before: Duration,
    last_code: Option<u8>,
    stdin: Option<Recording>,
    store: Option<Store>,
}

pub(super) enum Begun<'r> {
    Call(Box<Call<'r>>),
    /// There is nothing to do in this run, which exits with this code.
    Not(u8),
}

/// The outcome of one try.
pub(super) struct Outcome {
    ending: Ending,
    verdict: Verdict,
    elapsed: Duration,
    lasted: Duration,
    ended: Instant,
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
        let store = match run.state.as_deref().map(Store::open).transpose()? {
            Some(Opened::Store(store)) => Some(store),
            None => None,
            Some(Opened::Busy) => {
                let path = run.state.as_deref().unwrap_or_else(|| "".as_ref()).display();
                let busy = format!("{path} is in use by another run");
                run.reporter.warn(&busy);
                run.reporter.log(&failed(busy, run.exit_codes.conflict, 0));
                return Ok(Begun::Not(run.exit_codes.conflict));
            }
        };
        let state = store.as_ref().and_then(Store::state).cloned();
        if let Some((state, left)) =
            state.as_ref().and_then(|state| Some((state, state.wait_left()?)))
        {
            run.reporter.report_too_early(&Report {
                event: EventKind::Backoff.as_str(),
                tries: state.tries,
                elapsed: state.elapsed(),
                wait: Some(left),
                ..Report::default()
            });
            return Ok(Begun::Not(unfinished(state.exit_code)));
        }
        let mark = mark();
        let environment = Environment::inherited(&mark);
        let context = Context::enter(run.grace, run.signal, mark)?;
        let (engine, streak) = state.as_ref().map_or((Engine::new(), 0), State::resume);
        Ok(Begun::Call(Box::new(Self {
            run,
            context,
            program: Program::new(&run.command),
            environment,
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

    pub(super) fn tries(&self) -> u64 {
        self.engine.tries()
    }

    fn elapsed(&self) -> Duration {
        self.before.saturating_add(self.start.elapsed())
    }

    /// The time until the deadline, which also ends a try.
    fn until_deadline(&self) -> Option<Duration> {
        self.run.deadline.map(|deadline| deadline.saturating_sub(self.elapsed()))
    }

    fn remaining(&self) -> Option<Duration> {
        let elapsed = Seconds::from_duration(self.elapsed());
        let of_policy = self.run.policy.limits().remaining(elapsed).map(Seconds::to_duration);
        [of_policy, self.until_deadline()].into_iter().flatten().min()
    }

    fn progress(&self, reason: Option<Reason>) -> Progress {
        Progress {
            tries: self.engine.tries(),
            max_tries: self.run.policy.max_tries(),
            last_exit: self.last_code,
            elapsed: self.elapsed(),
            remaining: self.remaining(),
            reason: reason.map(Reason::as_str),
        }
    }

    /// The limit on the try that begins now.
    fn timeout(&self) -> Option<Duration> {
        let ends = self.run.policy.limits().last_wait == LastWait::Stop;
        let remaining = self.remaining().filter(|_| ends);
        let limit = self.run.timeout.map(|limit| remaining.map_or(limit, |left| left.min(limit)));
        [limit, self.until_deadline()].into_iter().flatten().min()
    }

    fn report(&self, event: EventKind) -> Report {
        Report {
            event: event.as_str(),
            tries: self.engine.tries(),
            max_tries: self.run.policy.max_tries().map(u64::from),
            elapsed: self.elapsed(),
            ..Report::default()
        }
    }

    // Handlers

    /// One try, to its end.
    pub(super) fn attempt(&mut self) -> Result<Outcome, Failure> {
        self.run.reporter.report(&self.report(EventKind::Try), &self.run.command);
        let begin = Instant::now();
        let progress = self.progress(None);
        let timeout = self.timeout();
        let hold = self.run.once || self.run.failed_output.is_some();
        let task = Task {
            program: &mut self.program,
            timeout,
            streams: Streams::new(&self.run.conditions, hold, self.run.replay_stdin),
            environment: self.environment.of_try(&progress),
        };
        let (ending, attempt) = match Attempt::begin(task, &self.context) {
            Ok(mut attempt) => {
                let ending = attempt.watch(&mut self.context, self.stdin.as_mut())?;
                (ending, Some(attempt))
            }
            Err(ending) => (ending, None),
        };
        let ended = attempt.as_ref().and_then(Attempt::ended).unwrap_or_else(Instant::now);
        let seen = attempt.as_ref().map(Attempt::seen).unwrap_or_default();
        let verdict = self.judge.judge(&self.run.conditions, &ending, seen);
        let interruption = self.context.interruption(&ending);
        self.last_code = Some(ending.code());
        let elapsed = self.before.saturating_add(ended.saturating_duration_since(self.start));
        let lasted = ended.saturating_duration_since(begin);
        Ok(Outcome { ending, verdict, elapsed, lasted, ended, interruption, attempt })
    }

    pub(super) fn decide(&mut self, outcome: &Outcome) -> Next {
        if let (Some(interruption), true) =
            (outcome.interruption, outcome.verdict != Verdict::Accept)
        {
            return Next::Leave(interruption);
        }
        if outcome.attempt.as_ref().is_some_and(|attempt| attempt.survivor().is_some()) {
            return Next::GiveUp(Reason::Giveup);
        }
        let mut elapsed = outcome.elapsed;
        if self.run.reset_after.is_some_and(|least| outcome.lasted >= least) {
            // A long-lived command has worked: its end is the first failure of a new call.
            self.engine = Engine::new();
            self.start = outcome.ended;
            self.before = Duration::ZERO;
            elapsed = Duration::ZERO;
        }
        let policy = &self.run.policy;
        let seconds = Seconds::from_duration(elapsed);
        match self.engine.handle_outcome(policy, outcome.verdict, seconds, &mut self.draws) {
            Step::Accept => Next::Return,
            Step::GiveUp { reason } => Next::GiveUp(reason),
            Step::Retry { wait } => {
                let wait = wait.to_duration();
                let is_too_late = |deadline| elapsed.saturating_add(wait) >= deadline;
                match self.run.deadline {
                    Some(deadline) if is_too_late(deadline) => Next::GiveUp(Reason::MaxTime),
                    _ => Next::Retry(wait),
                }
            }
        }
    }

    pub(super) fn succeed(&mut self, outcome: Outcome) -> Result<u8, Failure> {
        if let Some(mut attempt) = outcome.attempt {
            has_spilled(&attempt);
            // A command that was asked to end and has succeeded all the same has done its work.
            let was_asked = self.context.ended_by.take().is_some();
            attempt.release(&mut self.context)?;
            if was_asked {
                self.clear(&mut attempt)?;
            }
            if let Some(interruption) = self.context.end_of_call() {
                return Ok(self.cancel(interruption, None));
            }
        }
        self.forget()?;
        let report = self.report(EventKind::Success).with_ending(outcome.ending.clone());
        self.run.reporter.report(&report, &self.run.command);
        if let Some(script) = &self.run.on_success {
            if let Some(interruption) = self.run_hook("--on-success", script, None, None)? {
                return Ok(interruption.leave(None));
            }
        }
        let by_output = self.run.conditions.wants_output();
        Ok(if by_output { 0 } else { self.exit_code(&outcome.ending) })
    }

    /// A signal, or an output without a reader, ends the call.
    pub(super) fn leave(&mut self, outcome: Outcome, why: Interruption) -> Result<u8, Failure> {
        if let Some(mut attempt) = outcome.attempt {
            self.clear(&mut attempt)?;
        }
        Ok(self.cancel(why, Some(&outcome.ending)))
    }

    pub(super) fn give_up(&mut self, outcome: Outcome, reason: Reason) -> Result<u8, Failure> {
        let mut held_back = 0;
        let mut spilled = false;
        if let Some(mut attempt) = outcome.attempt {
            self.clear(&mut attempt)?;
            spilled = has_spilled(&attempt);
            self.dispose(&mut attempt, true)?;
            held_back = attempt.held_back();
        }
        self.forget()?;
        let report = Report { held_back, ..self.report(EventKind::Giveup) }.with_reason(reason);
        let report = report.with_hint(outcome.verdict.hint()).with_ending(outcome.ending.clone());
        self.run.reporter.report(&report, &self.run.command);
        if let Some(script) = &self.run.on_giveup {
            if let Some(interruption) = self.run_hook("--on-giveup", script, Some(reason), None)? {
                return Ok(interruption.leave(None));
            }
        }
        let timeout = self.run.exit_codes.timeout.filter(|_| reason == Reason::MaxTime);
        match timeout.unwrap_or_else(|| self.exit_code(&outcome.ending)) {
            _ if spilled => Ok(Failure::CODE),
            // A command that never failed.
            0 if self.run.conditions.until_fail => Ok(0),
            code => Ok(unfinished(code)),
        }
    }

    /// Waits before the next try; gives the exit code where there is none in this run.
    pub(super) fn back_off(
        &mut self,
        outcome: Outcome,
        wait: Duration,
    ) -> Result<Option<u8>, Failure> {
        let Outcome { ending, verdict, attempt, ended, .. } = outcome;
        let end = ended.checked_add(wait);
        if let Some(mut attempt) = attempt {
            self.clear(&mut attempt)?;
            if has_spilled(&attempt) {
                return Ok(Some(Failure::CODE));
            }
            if attempt.survivor().is_some() {
                // No try begins beside a living one.
                let tries = self.engine.tries() - 1;
                let report = Report { tries, ..self.report(EventKind::Giveup) };
                let report = report.with_reason(Reason::Giveup).with_ending(ending.clone());
                self.run.reporter.report(&report, &self.run.command);
                return Ok(Some(unfinished(self.exit_code(&ending))));
            }
            self.dispose(&mut attempt, false)?;
        }
        // The engine has gone on to the next try already.
        let failed = Report { tries: self.engine.tries() - 1, ..self.report(EventKind::Backoff) };
        let report = Report { wait: Some(wait), ..failed };
        let report = report.with_hint(verdict.hint()).with_ending(ending.clone());
        self.run.reporter.report(&report, &self.run.command);
        if let Some(script) = &self.run.on_retry {
            let limit = self.run.timeout.unwrap_or_else(|| wait.max(SHORTEST_HOOK));
            if let Some(why) = self.run_hook("--on-retry", script, None, Some(limit))? {
                return Ok(Some(self.cancel(why, None)));
            }
        }
        if let Some(store) = &mut self.store {
            let elapsed = self.before.saturating_add(self.start.elapsed());
            let left = wait.saturating_sub(ended.elapsed());
            let state = State::after(&self.engine, &self.judge, elapsed, left, ending.code());
            store.keep(state)?;
            return Ok(Some(unfinished(self.exit_code(&ending))));
        }
        let interruption = wait::wait(&mut self.context, &self.run.reporter, end, &report);
        Ok(interruption.map(|interruption| self.cancel(interruption, None)))
    }

    /// Ends the processes that a failed try has left, and reports the one that does not end.
    fn clear(&mut self, attempt: &mut Attempt) -> Result<(), Failure> {
        attempt.clear(&mut self.context)?;
        if let Some(Survivor { pid, name, error }) = attempt.survivor() {
            let error = error.map(|error| reason(&error.into()));
            let error = error.unwrap_or_else(|| "it does not end after KILL".to_owned());
            let process = pid.as_raw_pid();
            report::complain(format_args!("cannot end process {process} ({name}): {error}"));
            self.run.reporter.log(&Report {
                event: UNKILLABLE,
                process: Some(process),
                error: Some(error),
                ..self.report(EventKind::Giveup)
            });
        }
        Ok(())
    }

    /// Puts the held output of a failed try where the caller wants it.
    fn dispose(&mut self, attempt: &mut Attempt, is_last: bool) -> Result<(), Failure> {
        match self.run.failed_output {
            Some(FailedOutput::Stderr) => attempt.divert(),
            Some(FailedOutput::Last) if is_last => {}
            _ => return Ok(()),
        }
        attempt.release(&mut self.context)
    }

    /// Ends the call without success, for a signal.
    fn cancel(&self, why: Interruption, ending: Option<&Ending>) -> u8 {
        let report = Report { reason: Some(CANCELLED), ..self.report(EventKind::Giveup) };
        self.run.reporter.log(&match ending {
            Some(ending) => report.with_ending(ending.clone()),
            None => report,
        });
        why.leave(ending)
    }

    fn run_hook(
        &mut self,
        option: &str,
        script: &OsStr,
        reason: Option<Reason>,
        limit: Option<Duration>,
    ) -> Result<Option<Interruption>, Failure> {
        let progress = self.progress(reason);
        let environment = self.environment.of_hook(&progress);
        let limit = limit.or(self.run.timeout);
        run_hook(option, script, environment, limit, &mut self.context, &self.run.reporter)
    }

    fn exit_code(&self, ending: &Ending) -> u8 {
        let codes = &self.run.exit_codes;
        match (ending, codes.timeout) {
            (Ending::TimedOut(_), _) if codes.preserve_status => ending.own_code(),
            (Ending::TimedOut(_), Some(code)) => code,
            _ => ending.code(),
        }
    }

    fn forget(&mut self) -> Result<(), Failure> {
        self.store.as_mut().map_or(Ok(()), Store::forget)
    }
}

/// The last event of a call that rebackoff's own failure ended in try number `tries`.
pub(super) fn report_of_failure(failure: &Failure, tries: u64) -> Report {
    failed(failure.to_string(), Failure::CODE, tries)
}

fn failed(error: String, code: u8, tries: u64) -> Report {
    let event = EventKind::Giveup.as_str();
    let ending = Some(Ending::Exited(code));
    Report { event, tries, ending, error: Some(error), ..Report::default() }
}

/// The exit code of a call that is not done: never that of a success.
fn unfinished(code: u8) -> u8 {
    code.max(1)
}

/// A mark that no other call has.
fn mark() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{:x}", std::process::id(), now.as_nanos())
}

/// Returns whether output has been passed on before its try had succeeded, for want of room to hold it back.
fn has_spilled(attempt: &Attempt) -> bool {
    let Some(error) = attempt.spilled() else {
        return false;
    };
    let reason = reason(error);
    report::complain(format_args!(
        "cannot hold back more of stdout, which is passed on as it comes: {reason}"
    ));
    true
}
