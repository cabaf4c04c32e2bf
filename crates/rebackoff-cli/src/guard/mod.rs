//! `rebackoff guard`: shows and changes the guards that processes of a host or of a fleet share.

#[cfg(feature = "fleet")]
mod fleet;
mod host;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use rebackoff_core::did_you_mean;
use rebackoff_shared::Host;
use serde::Serialize;

use crate::CliError;
use crate::options::{GuardAction, GuardFormat, GuardOptions};
use crate::output::print;
use crate::report::complain;
use crate::run::AskedFleet;
use host::HostPlace;

/// The place of shared guards.
trait Place: Display {
    type Entry;
    /// The fault of an entry that is no guard.
    type Wrong: Display;

    fn guards(&mut self) -> Result<Vec<Result<Self::Entry, Self::Wrong>>, CliError>;

    fn name(entry: &Self::Entry) -> &str;

    /// Opens a breaker, or closes it. Returns whether the entry is a breaker.
    fn set_open(&mut self, entry: &mut Self::Entry, open: bool) -> Result<bool, CliError>;

    fn report(entry: &Self::Entry) -> GuardReport;
}

/// The state of a guard, by the glossary's names; durations are seconds.
#[derive(Debug, Default, Serialize)]
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
    /// The members that voted for opening.
    #[serde(skip_serializing_if = "Option::is_none")]
    votes: Option<Vec<String>>,
    /// The member that probes.
    #[serde(skip_serializing_if = "Option::is_none")]
    probing: Option<String>,
    #[serde(flatten)]
    counts: BTreeMap<&'static str, u64>,
}

impl GuardReport {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

impl GuardOptions {
    /// Acts on the guards and shows them; gives the exit code.
    pub(crate) fn act(&self) -> Result<u8, CliError> {
        match AskedFleet::of(self.fleet.as_deref())? {
            None => self.act_in(HostPlace(Host::from_env())),
            #[cfg(feature = "fleet")]
            Some(asked) => self.act_in(fleet::FleetPlace::connect(asked.url())?),
            #[cfg(not(feature = "fleet"))]
            Some(asked) => match asked {},
        }
    }

    fn act_in<P: Place>(&self, mut place: P) -> Result<u8, CliError> {
        let (mut entries, mut code) = (Vec::new(), 0);
        for found in place.guards()? {
            match found {
                Ok(entry) => entries.push(entry),
                Err(wrong) => {
                    complain(wrong);
                    code = CliError::CODE;
                }
            }
        }
        if let Some(name) = &self.name {
            let names: BTreeSet<_> =
                entries.iter().map(|entry| P::name(entry).to_owned()).collect();
            entries.retain(|entry| P::name(entry) == name);
            if entries.is_empty() {
                return Err(unknown(name, &place, names));
            }
        }
        self.change(&mut place, &mut entries)?;
        let reports: Vec<_> = entries.iter().map(P::report).collect();
        let shown = match (self.format, self.action) {
            (GuardFormat::Json, _) => {
                serde_json::to_string_pretty(&reports).map_err(CliError::new)? + "\n"
            }
            (GuardFormat::Text, GuardAction::List) if reports.is_empty() => {
                format!("no guards in {place}\n")
            }
            (GuardFormat::Text, GuardAction::List) => text::table(&reports),
            (GuardFormat::Text, _) => text::details(&reports),
        };
        print(shown.as_bytes())?;
        Ok(code)
    }

    fn change<P: Place>(&self, place: &mut P, entries: &mut [P::Entry]) -> Result<(), CliError> {
        let open = match self.action {
            GuardAction::List | GuardAction::Show => return Ok(()),
            GuardAction::Open => true,
            GuardAction::Reset => false,
        };
        let mut is_done = false;
        for entry in entries {
            is_done |= place.set_open(entry, open)?;
        }
        let name = self.name.as_deref().unwrap_or_default();
        is_done.then_some(()).ok_or_else(|| {
            CliError::new(format_args!("{name} is a budget; only breakers are opened and reset"))
        })
    }
}

fn unknown(name: &str, place: &impl Display, names: BTreeSet<String>) -> CliError {
    let advice = did_you_mean(name, names.iter().map(String::as_str));
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    let names = if names.is_empty() { "none" } else { &names };
    CliError::new(format_args!("no guard {name:?} in {place} (guards: {names}){advice}"))
}
