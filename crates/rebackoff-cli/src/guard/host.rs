//! Guards that processes of this host share.

use std::fmt;

use rebackoff_core::{HostGuard as _, Moment, Open, Seconds};
use rebackoff_shared::{Host, HostEntry, HostGuardRef, SharedError};

use super::{GuardReport, Place};
use crate::CliError;

/// The clock of calls, which a shared guard never reads: it goes by the host's.
const UNREAD: fn() -> Moment = || Moment::ZERO;

pub(super) struct HostPlace(pub(super) Host);

impl Place for HostPlace {
    type Entry = HostEntry;
    type Wrong = SharedError;

    fn guards(&mut self) -> Result<Vec<Result<HostEntry, SharedError>>, CliError> {
        self.0.guards().map_err(CliError::new)
    }

    fn name(entry: &HostEntry) -> &str {
        &entry.name
    }

    fn set_open(&mut self, entry: &mut HostEntry, open: bool) -> Result<bool, CliError> {
        let HostGuardRef::Breaker(breaker) = entry.guard else { return Ok(false) };
        if open {
            breaker.force_open_at(UNREAD);
        } else {
            breaker.reset();
        }
        Ok(true)
    }

    fn report(entry: &HostEntry) -> GuardReport {
        let mut report = GuardReport::new(&entry.name);
        match entry.guard {
            HostGuardRef::Breaker(breaker) => {
                let until = |open: Open| open.retry_in.map(Seconds::get);
                report.kind = "breaker";
                report.rule = breaker.to_string();
                report.state = Some(breaker.state_at(UNREAD).name());
                report.retry_in = breaker.check_at(UNREAD).err().and_then(until);
                report.counts.extend(breaker.host_counts());
            }
            HostGuardRef::Budget(budget) => {
                report.kind = "budget";
                report.rule = budget.to_string();
                report.tokens = Some(budget.tokens_at(UNREAD));
                report.counts.extend(budget.host_counts());
            }
            _ => {}
        }
        report
    }
}

impl fmt::Display for HostPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.folder().display().fmt(f)
    }
}
