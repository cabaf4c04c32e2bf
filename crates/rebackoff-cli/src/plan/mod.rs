//! `rebackoff plan`: the tries and the load of a policy.

mod chart;
mod figures;
mod html;
mod lint;
mod simulation;
mod svg;
mod text;

use std::time::Duration;

use rebackoff_core::Seconds;
use rebackoff_sim::profile::Profile;

use crate::Failure;
use crate::config::duration;
use crate::install::print;
use crate::options::{Format, PlanOptions, Rule};
use figures::Figures;
use simulation::Simulation;

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
}

impl PlanOptions {
    /// Checks these options.
    pub(crate) fn resolve(self) -> Result<Plan, Failure> {
        Ok(Plan {
            config: self.policy.resolve()?,
            clients: self.clients,
            try_time: duration("--try-time", &self.try_time)?,
            seed: self.seed,
            format: self.format,
            lint: self.lint,
            ignored: self.ignore,
            consecutive: self.consecutive,
        })
    }
}

impl Plan {
    /// Shows the plan; gives the exit code.
    pub(crate) fn show(&self) -> Result<u8, Failure> {
        let simulation = Simulation::run(self, self.time_of_try())?;
        let figures = Figures::of(self, &simulation);
        let shown = match self.format {
            Format::Text => text::page(&figures),
            Format::Json => figures.json()?,
            Format::Svg => svg::picture(&figures),
            Format::Html => html::page(&figures),
        };
        print(shown.as_bytes())?;
        Ok(u8::from(self.lint && !figures.warnings.is_empty()))
    }

    /// The duration of a try, which the timeout may end.
    fn time_of_try(&self) -> Seconds {
        let time = self.config.timeout.map_or(self.try_time, |timeout| timeout.min(self.try_time));
        Seconds::from_duration(time)
    }
}
