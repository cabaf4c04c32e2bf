//! The simulator: text in, text out.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rebackoff_sim::{Control, Scenario, ScenarioError};

/// The report of a scenario in TOML or JSON, as JSON. Other Python threads run meanwhile.
#[pyfunction]
#[pyo3(signature = (scenario, runs=None, seed=None, threads=None))]
pub(crate) fn simulate(
    py: Python<'_>,
    scenario: &str,
    runs: Option<u64>,
    seed: Option<u64>,
    threads: Option<usize>,
) -> PyResult<String> {
    let run = || {
        let mut scenario = Scenario::parse(scenario)?;
        if let Some(runs) = runs {
            scenario = scenario.runs(runs);
        }
        if let Some(seed) = seed {
            scenario = scenario.seed(seed);
        }
        let control = Control::new();
        let control = if let Some(threads) = threads { control.threads(threads) } else { control };
        Ok(scenario.run_with(&control)?.to_json())
    };
    py.detach(run).map_err(|error: ScenarioError| PyValueError::new_err(error.to_string()))
}
