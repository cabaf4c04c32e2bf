//! The simulator: text in, text out.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use std::{panic, thread};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rebackoff_sim::{Control, Scenario, ScenarioError};

/// The time between two looks for a signal, such as that of Ctrl-C.
const OFTEN: Duration = Duration::from_millis(50);

/// The report of a scenario in TOML or JSON, as JSON. Other Python threads run meanwhile, and signals are handled.
#[pyfunction]
#[pyo3(signature = (scenario, runs=None, seed=None, threads=None))]
pub(crate) fn simulate(
    py: Python<'_>,
    scenario: &str,
    runs: Option<u64>,
    seed: Option<u64>,
    threads: Option<usize>,
) -> PyResult<String> {
    let (stop, done, caller) = (AtomicBool::new(false), AtomicBool::new(false), thread::current());
    let run = || {
        let mut scenario = Scenario::parse(scenario)?;
        if let Some(runs) = runs {
            scenario = scenario.runs(runs);
        }
        if let Some(seed) = seed {
            scenario = scenario.seed(seed);
        }
        let control = Control::new().stop(&stop);
        let control = if let Some(threads) = threads { control.threads(threads) } else { control };
        Ok(scenario.run_with(&control)?.to_json())
    };
    thread::scope(|scope| {
        let running = scope.spawn(|| {
            let report = run();
            done.store(true, Relaxed);
            caller.unpark();
            report
        });
        while !done.load(Relaxed) && !running.is_finished() {
            py.detach(|| thread::park_timeout(OFTEN));
            py.check_signals().inspect_err(|_| stop.store(true, Relaxed))?;
        }
        let report = running.join().unwrap_or_else(|payload| panic::resume_unwind(payload));
        report.map_err(|error: ScenarioError| PyValueError::new_err(error.to_string()))
    })
}
