//! The end of a try, of the call, and the wait between two tries.

use std::ffi::OsStr;
use std::time::Duration;

use rebackoff_core::{EventKind, Reason};

use super::super::attempt::Attempt;
use super::super::context::Interruption;
use super::super::hook::run_hook;
use super::super::processes::Survivor;
use super::super::state::{State, Store};
use super::super::wait;
use super::{Call, Outcome, report_of_failure, unfinished};
use crate::Failure;
use crate::ending::Ending;
use crate::failure::reason;
use crate::options::FailedOutput;
use crate::report::{self, CANCELLED, Report, UNKILLABLE};

/// The shortest limit on a hook whose limit is the wait.
const SHORTEST_HOOK: Duration = Duration::from_secs(1);

impl Call<'_> {
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
        self.abandon(outcome.attempt, why, Some(&outcome.ending))
    }

    pub(super) fn give_up(&mut self, outcome: Outcome, reason: Reason) -> Result<u8, Failure> {
        let mut held_back = 0;
        let mut spilled = false;
        if let Some(mut attempt) = outcome.attempt {
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
        mut outcome: Outcome,
        wait: Duration,
    ) -> Result<Option<u8>, Failure> {
        let end = outcome.ended.checked_add(wait);
        if let Some(attempt) = &mut outcome.attempt {
            if has_spilled(attempt) {
                let failure =
                    Failure::new("stdout could not be held back, so there is no other try");
                self.run.reporter.log(&report_of_failure(&failure, self.engine.tries()));
                return Ok(Some(Failure::CODE));
            }
            self.dispose(attempt, false)?;
        }
        let report = Report { wait: Some(wait), ..self.report(EventKind::Backoff) };
        let report = report.with_hint(outcome.verdict.hint()).with_ending(outcome.ending.clone());
        self.run.reporter.report(&report, &self.run.command);
        if let Some(script) = &self.run.on_retry {
            let limit = self.run.timeout.unwrap_or_else(|| wait.max(SHORTEST_HOOK));
            let limit = self.until_deadline().map_or(limit, |left| left.min(limit));
            if let Some(why) = self.run_hook("--on-retry", script, None, Some(limit))? {
                return self.abandon(outcome.attempt, why, None).map(Some);
            }
            if self.until_deadline() == Some(Duration::ZERO) {
                return self.give_up(outcome, Reason::MaxTime).map(Some);
            }
        }
        if let Some(store) = &mut self.store {
            let elapsed = self.before.saturating_add(self.start.elapsed());
            let left = wait.saturating_sub(outcome.ended.elapsed());
            let code = outcome.ending.code();
            store.keep(State::after(&self.engine, &self.judge, elapsed, left, code))?;
            return Ok(Some(unfinished(self.exit_code(&outcome.ending))));
        }
        let interruption = wait::wait(&mut self.context, &self.run.reporter, end, &report);
        interruption.map(|why| self.abandon(outcome.attempt, why, None)).transpose()
    }

    /// Ends the processes that a failed try has left, and reports the one that does not end.
    pub(super) fn clear(&mut self, attempt: &mut Attempt) -> Result<(), Failure> {
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

    /// Ends the call without success, for a signal, and passes on the output of what was its last try.
    fn abandon(
        &mut self,
        attempt: Option<Attempt>,
        why: Interruption,
        ending: Option<&Ending>,
    ) -> Result<u8, Failure> {
        if let Some(mut attempt) = attempt {
            self.dispose(&mut attempt, true)?;
        }
        Ok(self.cancel(why, ending))
    }

    /// Reports the end of the call for a signal; gives the exit code.
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
        let mut progress = self.progress(reason);
        if option == "--on-retry" {
            // It prepares the next try.
            progress.tries = progress.tries.saturating_add(1);
        }
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
