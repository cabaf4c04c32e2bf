//! Guards that members of a fleet share.

use std::fmt;

use rebackoff_shared::fleet::{FleetEntry, FleetEntryState, FleetError, FleetOperator};

use super::{GuardReport, Place};
use crate::CliError;

pub(super) struct FleetPlace(FleetOperator);

impl FleetPlace {
    pub(super) fn connect(url: &str) -> Result<Self, CliError> {
        FleetOperator::connect(url).map(Self).map_err(failure)
    }
}

impl Place for FleetPlace {
    type Entry = FleetEntry;
    type Wrong = FleetError;

    fn guards(&mut self) -> Result<Vec<Result<FleetEntry, FleetError>>, CliError> {
        self.0.guards().map_err(failure)
    }

    fn name(entry: &FleetEntry) -> &str {
        &entry.name
    }

    fn set_open(&mut self, entry: &mut FleetEntry, open: bool) -> Result<bool, CliError> {
        if matches!(entry.state, FleetEntryState::Budget { .. }) {
            return Ok(false);
        }
        let set = if open { self.0.open(entry) } else { self.0.reset(entry) };
        set.map(|()| true).map_err(failure)
    }

    #[allow(clippy::cast_precision_loss, reason = "tokens are few")]
    fn report(entry: &FleetEntry) -> GuardReport {
        let mut report = GuardReport::new(&entry.name);
        report.rule = shown(&entry.rule);
        match &entry.state {
            FleetEntryState::Breaker {
                state,
                retry_in,
                epoch,
                reopened,
                votes,
                callers,
                probing,
                ..
            } => {
                report.kind = "breaker";
                report.state = Some(state.name());
                report.retry_in = retry_in.map(|time| time.as_secs_f64());
                report.votes = Some(votes.iter().map(|vote| shown(vote)).collect());
                report.probing = probing.as_deref().map(shown);
                let counts = [("callers", *callers), ("epoch", *epoch), ("reopened", *reopened)];
                report.counts.extend(counts);
            }
            FleetEntryState::Budget { tokens, .. } => {
                report.kind = "budget";
                report.tokens = Some(*tokens as f64);
            }
            _ => {}
        }
        report
    }
}

impl fmt::Display for FleetPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.address())
    }
}

/// Text from the store, which a program with other aims may have written.
fn shown(text: &str) -> String {
    text.escape_debug().to_string()
}

#[allow(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
fn failure(error: FleetError) -> CliError {
    CliError::new(format_args!("--fleet: {error}"))
}
