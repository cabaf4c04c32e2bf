//! The answer to a form.

use rebackoff_sim::plan::PlanFigures;
use rebackoff_sim::{Control, Report, Scenario};
use serde::Serialize;

use crate::form::{Form, Wrong, text};
use crate::front_ends::FrontEnds;
use crate::service::scenario;

/// A plan, a simulation, and the policy as each front end takes it.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    plan: PlanFigures,
    report: Report,
    texts: FrontEnds,
    /// The scenario of the report, as `rebackoff simulate` takes it.
    scenario: String,
}

impl Answer {
    /// Plans and simulates a form.
    pub(crate) fn to(form: &Form) -> Result<Self, Wrong> {
        let plan = form.plan()?;
        let texts = FrontEnds::of(form, &plan.profile)?;
        let scenario = scenario(form, &texts.toml)?;
        let parsed = Scenario::parse(&scenario).map_err(text)?;
        // A browser has one thread here.
        let report = parsed.run_with(&Control::new().threads(1)).map_err(text)?;
        Ok(Self { plan: plan.figures().map_err(text)?, report, texts, scenario })
    }
}
