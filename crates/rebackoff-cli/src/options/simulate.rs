use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use rebackoff_sim::Scenario;

pub(crate) const ABOUT: &str = "Show what a policy does to a service";

pub(crate) const EXAMPLES: &str = "\
Examples:
  A ready scenario with its paragraph on what to see, and its figures:
      $ rebackoff simulate --example retry-storm > storm.toml
      $ rebackoff simulate storm.toml
  Time series and policies side by side, in one page:
      $ rebackoff simulate storm.toml --format html > storm.html
  In CI, fail where a figure is beyond its bound in [expect]:
      $ rebackoff simulate storm.toml --runs 2 --format json > figures.json

Exit status:
  0; 1 when a bound in [expect] does not hold; 125 for a wrong scenario, or one that needs more than the bounds of memory \
and time; 130 after Ctrl-C, which shows the runs that are done.

Files:
  rebackoff.toml in the working directory, for profiles that the scenario names and does not have; --config names \
another file.";

/// Show what a policy does to a service
///
/// Clients call servers that queue, through the engine and guards of rebackoff, in virtual time. The scenario is a TOML
/// file, whose figures depend on its seed alone.
#[derive(Args, Debug)]
pub(crate) struct SimulateOptions {
    /// The scenario; - is standard input
    #[arg(value_name = "SCENARIO", required_unless_present = "example", value_hint = clap::ValueHint::FilePath)]
    pub(crate) scenario: Option<PathBuf>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: SimulateFormat,
    /// Print a ready scenario
    #[arg(long, value_name = "NAME", conflicts_with = "scenario", value_parser = PossibleValuesParser::new(Scenario::EXAMPLES))]
    pub(crate) example: Option<String>,
    /// File of the profiles that the scenario does not have itself
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Number of runs of each case, in place of the scenario's
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) runs: Option<u64>,
    /// Seed of the draws, in place of the scenario's
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Number of threads; the figures do not depend on it
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
}

/// Output format of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SimulateFormat {
    /// A table and time series, for a terminal.
    Text,
    /// All figures and time series.
    Json,
    /// A line for each figure of each case.
    Csv,
    /// A page of its own: time series and policies side by side.
    Html,
    /// A picture of the load of each case.
    Svg,
}
