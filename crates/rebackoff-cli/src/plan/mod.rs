//! `rebackoff plan`: what a policy will do.

mod chart;
mod figures;
mod html;
mod simulation;
mod svg;
mod text;
mod warnings;

use std::time::Duration;

use rebackoff_core::Seconds;

use crate::Failure;
use crate::config::{Config, duration};
use crate::install::print;
use crate::options::{Format, PlanOptions};
use figures::Figures;
use simulation::Simulation;

/// What `rebackoff plan` is to show.
#[derive(Debug)]
pub(crate) struct Plan {
    config: Config,
    clients: u32,
    /// How long a failing try takes.
    try_time: Duration,
    seed: u64,
    format: Format,
    lint: bool,
}

impl PlanOptions {
    /// What these options come to.
    pub(crate) fn resolve(self) -> Result<Plan, Failure> {
        Ok(Plan {
            config: self.policy.resolve()?,
            clients: self.clients,
            try_time: duration("--try-time", &self.try_time)?,
            seed: self.seed,
            format: self.format,
            lint: self.lint,
        })
    }
}

impl Plan {
    /// Shows the plan; gives the exit code.
    pub(crate) fn show(&self) -> Result<u8, Failure> {
        let simulation = Simulation::run(self);
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

    /// How long a try takes that the limit on each try may end.
    fn time_of_try(&self) -> Seconds {
        let time = self.config.timeout.map_or(self.try_time, |timeout| timeout.min(self.try_time));
        Seconds::from_duration(time)
    }
}
