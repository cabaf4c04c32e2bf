//! The end of a try, of the call, and the wait between two tries.

use std::ffi::OsStr;
use std::time::Duration;

use rebackoff_core::{EventKind, Reason};

use super::super::context::Interruption;
use super::super::hook::run_hook;
use super::super::processes::Survivor;
use super::super::running::RunningCommand;
use super::super::state::{SavedCall, Store};
use super::super::wait;
use super::{CommandCall, CommandOutcome, REJECTED, report_of_failure, unfinished};
use crate::CliError;
use crate::ending::Ending;
use crate::failure::reason;
use crate::options::FailedOutput;
use crate::report::{self, CANCELLED, EventReport, UNKILLABLE};

/// The shortest limit on a hook whose limit is the wait.
const SHORTEST_HOOK: Duration = Duration::from_secs(1);

impl CommandCall<'_> {
    pub(super) fn succeed(&mut self, outcome: CommandOutcome) -> Result<u8, CliError> {
        if let Some(mut running) = outcome.running {
            has_spilled(&running);
            // A command that was asked to end and has succeeded all the same has done its work.
            let was_asked = self.context.ended_by.take().is_some();
            running.release(&mut self.context)?;
            if was_asked {
                self.clear(&mut running)?;
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
                return Ok(self.leave_for(interruption, None));
            }
        }
        let by_output = self.run.conditions.wants_output();
        Ok(if by_output { 0 } else { self.exit_code(&outcome.ending) })
    }

    /// A signal, or an output without a reader, ends the call.
    pub(super) fn leave(
        &mut self,
        outcome: CommandOutcome,
        why: Interruption,
    ) -> Result<u8, CliError> {
        self.abandon(outcome.running, why, Some(&outcome.ending))
    }

    pub(super) fn give_up(
        &mut self,
        outcome: CommandOutcome,
        reason: Reason,
    ) -> Result<u8, CliError> {
        let mut held_back = 0;
        let mut spilled = false;
        if let Some(mut running) = outcome.running {
            spilled = has_spilled(&running);
            self.dispose(&mut running, true)?;
            held_back = running.held_back();
        }
        self.forget()?;
        let report =
            EventReport { held_back, ..self.report(EventKind::Giveup) }.with_reason(reason);
        let report = report.with_hint(outcome.verdict.hint()).with_ending(outcome.ending.clone());
        self.run.reporter.report(&report, &self.run.command);
        if let Some(script) = &self.run.on_giveup {
            if let Some(interruption) = self.run_hook("--on-giveup", script, Some(reason), None)? {
                return Ok(self.leave_for(interruption, None));
            }
        }
        let timeout = self.run.exit_codes.timeout.filter(|_| reason == Reason::MaxTime);
        match timeout.unwrap_or_else(|| self.exit_code(&outcome.ending)) {
            _ if spilled => Ok(CliError::CODE),
            // A command that never failed.
            0 if self.run.conditions.until_fail => Ok(0),
            code => Ok(unfinished(code)),
        }
    }

    /// Ends the call before its first try in this run, which a breaker rejects.
    pub(super) fn reject(&mut self, rejection: String) -> Result<u8, CliError> {
        self.forget()?;
        let code = self.last_code.map_or(REJECTED, unfinished);
        let next = self.tries().saturating_add(1);
        self.run.reporter.warn(format_args!("{rejection}; gave up before try {next} (breaker)"));
        let report = self.report(EventKind::Giveup).with_reason(Reason::Breaker);
        let report = report.with_ending(Ending::Exited(code));
        self.run.reporter.log(&EventReport { error: Some(rejection), ..report });
        if let Some(script) = &self.run.on_giveup {
            let reason = Some(Reason::Breaker);
            if let Some(interruption) = self.run_hook("--on-giveup", script, reason, None)? {
                return Ok(self.leave_for(interruption, None));
            }
        }
        Ok(code)
    }

    /// Waits before the next try; gives the exit code where there is none in this run.
    pub(super) fn back_off(
        &mut self,
        mut outcome: CommandOutcome,
        wait: Duration,
    ) -> Result<Option<u8>, CliError> {
        let end = outcome.ended.checked_add(wait);
        if let Some(running) = &mut outcome.running {
            if has_spilled(running) {
                let failure =
                    CliError::new("stdout could not be held back, so there is no other try");
                self.run.reporter.log(&report_of_failure(&failure, self.engine.tries()));
                return Ok(Some(CliError::CODE));
            }
            self.dispose(running, false)?;
        }
        let report = EventReport { wait: Some(wait), ..self.report(EventKind::Backoff) };
        let report = report.with_hint(outcome.verdict.hint()).with_ending(outcome.ending.clone());
        self.run.reporter.report(&report, &self.run.command);
        if let Some(script) = &self.run.on_retry {
            let limit = self.run.timeout.unwrap_or_else(|| wait.max(SHORTEST_HOOK));
            let limit = self.until_deadline().map_or(limit, |left| left.min(limit));
            if let Some(why) = self.run_hook("--on-retry", script, None, Some(limit))? {
                return self.abandon(outcome.running, why, None).map(Some);
            }
            if self.until_deadline() == Some(Duration::ZERO) {
                return self.give_up(outcome, Reason::MaxTime).map(Some);
            }
        }
        if let Some(store) = &mut self.store {
            let elapsed = self.before.saturating_add(self.start.elapsed());
            let left = wait.saturating_sub(outcome.ended.elapsed());
            let code = outcome.ending.code();
            self.guards.handle_handover();
            store.keep(SavedCall::after(&self.engine, &self.judge, elapsed, left, code))?;
            return Ok(Some(unfinished(self.exit_code(&outcome.ending))));
        }
        if let Some(why) = wait::wait(&mut self.context, &self.run.reporter, end, &report) {
            return self.abandon(outcome.running, why, None).map(Some);
        }
        match self.guards.handle_resume() {
            Ok(()) => Ok(None),
            Err(reason) => self.give_up(outcome, reason).map(Some),
        }
    }

    /// Ends the processes that a failed try has left, and reports the one that does not end.
    pub(super) fn clear(&mut self, running: &mut RunningCommand) -> Result<(), CliError> {
        running.clear(&mut self.context)?;
        if let Some(Survivor { pid, name, error }) = running.survivor() {
            let error = error.map(|error| reason(&error.into()));
            let error = error.unwrap_or_else(|| "it does not end after KILL".to_owned());
            let process = pid.as_raw_pid();
            report::complain(format_args!("cannot end process {process} ({name}): {error}"));
            self.run.reporter.log(&EventReport {
                event: UNKILLABLE,
                process: Some(process),
                error: Some(error),
                ..self.report(EventKind::Giveup)
            });
        }
        Ok(())
    }

    /// Puts the held output of a failed try where the caller wants it.
    fn dispose(&mut self, running: &mut RunningCommand, is_last: bool) -> Result<(), CliError> {
        match self.run.failed_output {
            Some(FailedOutput::Stderr) => running.divert(),
            Some(FailedOutput::Last) if is_last => {}
            _ => return Ok(()),
        }
        running.release(&mut self.context)
    }

    /// Ends the call without success, for a signal, and passes on the output of what was its last try.
    fn abandon(
        &mut self,
        running: Option<RunningCommand>,
        why: Interruption,
        ending: Option<&Ending>,
    ) -> Result<u8, CliError> {
        if let Some(mut running) = running {
            self.dispose(&mut running, true)?;
        }
        Ok(self.cancel(why, ending))
    }

    /// Reports the end of the call for a signal; gives the exit code.
    fn cancel(&mut self, why: Interruption, ending: Option<&Ending>) -> u8 {
        let report = EventReport { reason: Some(CANCELLED), ..self.report(EventKind::Giveup) };
        self.run.reporter.log(&match ending {
            Some(ending) => report.with_ending(ending.clone()),
            None => report,
        });
        self.leave_for(why, ending)
    }

    /// Leaves for `why`, which may end this process: guards have what the call holds before.
    fn leave_for(&mut self, why: Interruption, ending: Option<&Ending>) -> u8 {
        self.guards.finish();
        why.leave(ending)
    }

    fn run_hook(
        &mut self,
        option: &str,
        script: &OsStr,
        reason: Option<Reason>,
        limit: Option<Duration>,
    ) -> Result<Option<Interruption>, CliError> {
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

    fn forget(&mut self) -> Result<(), CliError> {
        self.store.as_mut().map_or(Ok(()), Store::forget)
    }
}

/// Returns whether output has been passed on before its try had succeeded, for want of room to hold it back.
fn has_spilled(running: &RunningCommand) -> bool {
    let Some(error) = running.spilled() else {
        return false;
    };
    let reason = reason(error);
    report::complain(format_args!(
        "cannot hold back more of stdout, which is passed on as it comes: {reason}"
    ));
    true
}
