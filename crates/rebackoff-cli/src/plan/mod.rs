//! `rebackoff plan`: the tries and the load of a policy.

mod chart;
mod csv;
mod figures;
mod html;
mod lint;
mod load;
mod svg;
mod text;

use std::time::Duration;

use rebackoff_core::{Policy, Seconds};
use rebackoff_sim::profile::Profile;
use rebackoff_sim::{Herd, HerdTries, Target};

use crate::CliError;
use crate::config::duration;
use crate::install::print;
use crate::options::{Format, PlanOptions, PolicyOptions, Rule};
use crate::random::Chance;
use figures::Figures;
use load::PlanFigures;

/// The policy to show, and the clients that follow it.
#[derive(Debug)]
pub(crate) struct Plan {
    config: Profile,
    clients: u32,
    /// The duration of a failing try.
    try_time: Duration,
    seed: u64,
    format: Format,
    lint: bool,
    ignored: Vec<Rule>,
    /// The successes in a row that end the call.
    consecutive: u64,
    /// The chance that a try fails.
    failure_rate: Option<f64>,
    outage: Option<Seconds>,
    /// The policy to set beside this one, with the name of its profile.
    compared: Option<(String, Policy)>,
}

impl PlanOptions {
    /// Checks these options.
    pub(crate) fn resolve(self) -> Result<Plan, CliError> {
        let outage = self.outage.as_deref().map(|text| duration("--outage", text)).transpose()?;
        let compared = self.compare.map(|name| {
            let other = PolicyOptions::of_profile(name.clone(), self.policy.config.clone());
            Ok((name, other.resolve()?.policy))
        });
        Ok(Plan {
            config: self.policy.resolve()?,
            clients: self.clients,
            try_time: duration("--try-time", &self.try_time)?,
            seed: self.seed,
            format: self.format,
            lint: self.lint,
            ignored: self.ignore,
            consecutive: self.consecutive,
            failure_rate: self.failure_rate,
            outage: outage.map(Seconds::from_duration),
            compared: compared.transpose()?,
        })
    }
}

impl Plan {
    /// Shows the plan; gives the exit code.
    pub(crate) fn show(&self) -> Result<u8, CliError> {
        let policy = &self.config.policy;
        let simulation = self.run(policy, self.time_of_try())?;
        let compared = self
            .compared
            .as_ref()
            .map(|(_, other)| PlanFigures::of(self, other, &self.run(other, self.time_of_try())?));
        let load = PlanFigures::of(self, policy, &simulation)?;
        let figures = Figures::of(self, &simulation, load, compared.transpose()?);
        let shown = match self.format {
            Format::Text => text::page(&figures),
            Format::Json => figures.json()?,
            Format::Csv => csv::table(&figures),
            Format::Svg => svg::picture(&figures),
            Format::Html => html::page(&figures),
        };
        print(shown.as_bytes())?;
        Ok(u8::from(self.lint && !figures.warnings.is_empty()))
    }

    /// The tries of the plan's clients under `policy`, where every try fails.
    fn run(&self, policy: &Policy, time_of_try: Seconds) -> Result<HerdTries, CliError> {
        let herd = Herd { policy, clients: self.clients, time_of_try, target: Target::Down };
        herd.run(&mut Chance::seeded(self.seed)).map_err(CliError::new)
    }

    /// The duration of a try, which the timeout may end.
    fn time_of_try(&self) -> Seconds {
        let time = self.config.timeout.map_or(self.try_time, |timeout| timeout.min(self.try_time));
        Seconds::from_duration(time)
    }
}
