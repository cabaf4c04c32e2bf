//! `rebackoff simulate`: what a policy does to a service.

mod chart;
mod csv;
mod headline;
mod html;
mod svg;
mod text;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rebackoff_sim::{Control, Report, Scenario, ScenarioError};
use signal_hook::consts::SIGINT;

use crate::options::{SimulateFormat, SimulateOptions};
use crate::output::print;
use crate::{CliError, input};

/// The exit code after Ctrl-C.
const INTERRUPTED: u8 = 130;

/// The time between two lines of progress, which is also the time before the first.
const OFTEN: Duration = Duration::from_millis(200);

impl SimulateOptions {
    /// Runs the scenario, or prints an example; gives the exit code.
    pub(crate) fn simulate(self) -> Result<u8, CliError> {
        if let Some(name) = &self.example {
            return print(Scenario::example(name).unwrap_or_default().as_bytes());
        }
        let path = self.scenario.as_deref().unwrap_or(Path::new("-"));
        let wrong =
            |error: ScenarioError| CliError::new(format_args!("{}: {error}", path.display()));
        let mut scenario = Scenario::parse(&read(path)?).map_err(wrong)?;
        if let Some((path, text)) = self.profiles()? {
            let wrong = |error| CliError::new(format_args!("{}: {error}", path.display()));
            scenario = scenario.profiles(&text).map_err(wrong)?;
        }
        if let Some(runs) = self.runs {
            scenario = scenario.runs(runs);
        }
        if let Some(seed) = self.seed {
            scenario = scenario.seed(seed);
        }
        let report = self.run(&scenario).map_err(wrong)?;
        let shown = match self.format {
            SimulateFormat::Text => text::page(&report),
            SimulateFormat::Json => report.to_json() + "\n",
            SimulateFormat::Csv => csv::table(&report),
            SimulateFormat::Html => html::page(&report),
            SimulateFormat::Svg => svg::picture(&report),
        };
        print(shown.as_bytes())?;
        Ok(if report.is_whole { u8::from(!report.is_as_expected()) } else { INTERRUPTED })
    }

    /// The file of further profiles; `rebackoff.toml` need not exist.
    fn profiles(&self) -> Result<Option<(&Path, String)>, CliError> {
        if let Some(path) = &self.config {
            return Ok(Some((path, read(path)?)));
        }
        let path = Path::new("rebackoff.toml");
        Ok(input::read_if_there(path)?.map(|text| (path, text)))
    }

    fn run(&self, scenario: &Scenario) -> Result<Report, ScenarioError> {
        let stop = Arc::new(AtomicBool::new(false));
        // A second Ctrl-C ends the process at once. Where signals cannot be caught, the first one does.
        let _ = signal_hook::flag::register_conditional_shutdown(
            SIGINT,
            INTERRUPTED.into(),
            Arc::clone(&stop),
        );
        let _ = signal_hook::flag::register(SIGINT, Arc::clone(&stop));
        let progress = Progress::new();
        let show = |done, all| progress.show(done, all);
        let mut control = Control::new().stop(&stop).progress(&show);
        if let Some(threads) = self.threads {
            control = control.threads(threads.into());
        }
        let report = scenario.run_with(&control);
        progress.clear();
        if stop.load(Relaxed)
            && report
                .as_ref()
                .is_ok_and(|report| report.cases.iter().all(|case| case.figures.is_empty()))
        {
            // A stderr that is gone is ignored.
            let _ = writeln!(io::stderr(), "rebackoff: interrupted before the first run was done");
            process::exit(INTERRUPTED.into());
        }
        report
    }
}

fn read(path: &Path) -> Result<String, CliError> {
    if path == Path::new("-") { input::read_stdin() } else { input::read(path) }
}

/// A line on a terminal that says how many runs are done.
struct Progress {
    is_shown: bool,
    /// The time of the last line, and whether there was one.
    last: Mutex<(Instant, bool)>,
}

impl Progress {
    fn new() -> Self {
        Self { is_shown: io::stderr().is_terminal(), last: Mutex::new((Instant::now(), false)) }
    }

    fn show(&self, done: usize, all: usize) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_shown && last.0.elapsed() >= OFTEN {
            *last = (Instant::now(), true);
            // A stderr that is gone is ignored.
            let _ = write!(io::stderr(), "\rsimulated {done} of {all} runs; Ctrl-C shows these");
        }
    }

    fn clear(&self) {
        if self.last.lock().unwrap_or_else(PoisonError::into_inner).1 {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
