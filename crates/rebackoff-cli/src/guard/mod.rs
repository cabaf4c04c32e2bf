//! `rebackoff guard`: shows and changes the guards that processes of a host share.

mod text;

use std::collections::{BTreeMap, BTreeSet};

use rebackoff_core::{HostGuard as _, Moment, Open, Seconds, did_you_mean};
use rebackoff_shared::{Host, HostEntry, HostGuardRef};
use serde::Serialize;

use crate::CliError;
use crate::install::print;
use crate::options::{GuardAction, GuardFormat, GuardOptions};
use crate::report::complain;

/// The clock of calls, which a shared guard never reads: it goes by the host's.
pub(crate) const UNREAD: fn() -> Moment = || Moment::ZERO;

/// The state of a guard, by the glossary's names; durations are seconds.
#[derive(Debug, Serialize)]
struct GuardReport {
    name: String,
    kind: &'static str,
    rule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_in: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<f64>,
    #[serde(flatten)]
    counts: BTreeMap<&'static str, u64>,
}

impl GuardOptions {
    /// Acts on the guards and shows them; gives the exit code.
    pub(crate) fn act(&self) -> Result<u8, CliError> {
        let host = Host::from_env();
        let (mut entries, mut code) = (Vec::new(), 0);
        for found in host.guards().map_err(CliError::new)? {
            match found {
                Ok(entry) => entries.push(entry),
                Err(wrong) => {
                    complain(wrong);
                    code = CliError::CODE;
                }
            }
        }
        if let Some(name) = &self.name {
            let names: BTreeSet<_> = entries.iter().map(|entry| entry.name.clone()).collect();
            entries.retain(|entry| entry.name == *name);
            if entries.is_empty() {
                return Err(unknown(name, &host, names));
            }
        }
        self.change(&entries)?;
        let reports: Vec<_> = entries.iter().map(report).collect();
        let shown = match (self.format, self.action) {
            (GuardFormat::Json, _) => {
                serde_json::to_string_pretty(&reports).map_err(CliError::new)? + "\n"
            }
            (GuardFormat::Text, GuardAction::List) if reports.is_empty() => {
                format!("no guards in {}\n", host.folder().display())
            }
            (GuardFormat::Text, GuardAction::List) => text::table(&reports),
            (GuardFormat::Text, _) => text::details(&reports),
        };
        print(shown.as_bytes())?;
        Ok(code)
    }

    fn change(&self, entries: &[HostEntry]) -> Result<(), CliError> {
        if !matches!(self.action, GuardAction::Reset | GuardAction::Open) {
            return Ok(());
        }
        let breakers = entries.iter().filter_map(|entry| match entry.guard {
            HostGuardRef::Breaker(breaker) => Some(breaker),
            _ => None,
        });
        let mut is_done = false;
        for breaker in breakers {
            is_done = true;
            if self.action == GuardAction::Open {
                breaker.force_open_at(UNREAD);
            } else {
                breaker.reset();
            }
        }
        let name = self.name.as_deref().unwrap_or_default();
        is_done.then_some(()).ok_or_else(|| {
            CliError::new(format_args!("{name} is a budget; only breakers are opened and reset"))
        })
    }
}

fn unknown(name: &str, host: &Host, names: BTreeSet<String>) -> CliError {
    let advice = did_you_mean(name, names.iter().map(String::as_str));
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    let names = if names.is_empty() { "none" } else { &names };
    let folder = host.folder().display();
    CliError::new(format_args!("no guard {name:?} in {folder} (guards: {names}){advice}"))
}

fn report(entry: &HostEntry) -> GuardReport {
    let mut report = GuardReport {
        name: entry.name.clone(),
        kind: "",
        rule: String::new(),
        state: None,
        retry_in: None,
        tokens: None,
        counts: BTreeMap::new(),
    };
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
