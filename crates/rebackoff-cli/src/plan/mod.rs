//! `rebackoff plan`: the tries and the load of a policy.

mod csv;
mod html;
mod lint;
mod rows;
mod svg;
mod text;

use rebackoff_core::Seconds;
use rebackoff_sim::plan::{Plan, PlanFigures};
use serde::Serialize;

use crate::CliError;
use crate::config::duration;
use crate::options::{Format, PlanOptions, PolicyOptions, Rule};
use crate::output::print;
use lint::{Warning, warnings};

/// The plan to show.
#[derive(Debug)]
pub(crate) struct PlanCommand {
    plan: Plan,
    format: Format,
    lint: bool,
    ignored: Vec<Rule>,
    /// The successes in a row that end the call.
    consecutive: u64,
}

/// The figures of a plan with the warnings about its policy.
#[derive(Debug, Serialize)]
struct LintedFigures {
    #[serde(flatten)]
    figures: PlanFigures,
    warnings: Vec<Warning>,
}

impl PlanOptions {
    /// Checks these options.
    pub(crate) fn resolve(self) -> Result<PlanCommand, CliError> {
        let outage = self.outage.as_deref().map(|text| duration("--outage", text)).transpose()?;
        let compared = self.compare.map(|name| {
            let other = PolicyOptions::of_profile(name, self.policy.config.clone());
            other.resolve().map(|profile| profile.policy)
        });
        let plan = Plan {
            clients: self.clients,
            try_time: duration("--try-time", &self.try_time)?,
            seed: self.seed,
            failure_rate: self.failure_rate,
            outage: outage.map(Seconds::from_duration),
            compared: compared.transpose()?,
            ..Plan::new(self.policy.resolve()?)
        };
        let Self { format, lint, ignore: ignored, consecutive, .. } = self;
        Ok(PlanCommand { plan, format, lint, ignored, consecutive })
    }
}

impl PlanCommand {
    /// Shows the plan; gives the exit code.
    pub(crate) fn show(&self) -> Result<u8, CliError> {
        let figures = self.plan.figures().map_err(CliError::new)?;
        let linted = LintedFigures { figures, warnings: warnings(self) };
        let shown = match self.format {
            Format::Text => text::page(&linted),
            Format::Json => serde_json::to_string_pretty(&linted).map_err(CliError::new)? + "\n",
            Format::Csv => csv::table(&linted.figures)?,
            Format::Svg => svg::picture(&linted.figures),
            Format::Html => html::page(&linted),
        };
        print(shown.as_bytes())?;
        Ok(u8::from(self.lint && !linted.warnings.is_empty()))
    }
}
