//! The guards of a form.

use rebackoff_core::{Seconds, Setting};
use rebackoff_sim::profile::duration;

use crate::form::{Form, Wrong, text};

/// A budget or a breaker by its parameters.
#[derive(Debug)]
pub(crate) struct Guard {
    /// The kind of a budget.
    pub(crate) kind: Option<&'static str>,
    pub(crate) parameters: Vec<(&'static str, Setting)>,
}

impl Guard {
    /// The budget of a form.
    pub(crate) fn budget(form: &Form) -> Result<Option<Self>, Wrong> {
        let (kind, parameters) = match form.text("budget", "none") {
            "none" => return Ok(None),
            "share" => {
                let ratio = form.number("ratio", 0.2, [0.0001, 1.0])?;
                let floor = form.number("floor", 10.0, [0.0, 1_000_000.0])?;
                ("share", vec![("ratio", Setting::from(ratio)), ("floor", floor.into())])
            }
            "per_second" => {
                let rate: f64 = form.number("budget_rate", 10.0, [0.001, 1_000_000.0])?;
                ("per_second", vec![("rate", rate.into())])
            }
            other => {
                return Err(format!(
                    "budget must be one of none, share, per_second, but it is {other:?}"
                ));
            }
        };
        Ok(Some(Self { kind: Some(kind), parameters }))
    }

    /// The breaker of a form.
    pub(crate) fn breaker(form: &Form) -> Result<Option<Self>, Wrong> {
        let trips: (_, Setting) = match form.text("breaker", "none") {
            "none" => return Ok(None),
            "consecutive" => {
                ("consecutive", form.number("consecutive", 5_u64, [1, 1_000_000])?.into())
            }
            "failure_rate" => {
                ("failure_rate", form.number("failure_rate", 0.5, [0.0001, 1.0])?.into())
            }
            other => {
                return Err(format!(
                    "breaker must be one of none, consecutive, failure_rate, but it is {other:?}"
                ));
            }
        };
        let open_for = duration("open_for", form.text("open_for", "30s")).map_err(text)?;
        let open_for = Seconds::from_duration(open_for).into();
        Ok(Some(Self { kind: None, parameters: vec![trips, ("open_for", open_for)] }))
    }
}
