use clap::{Args, ValueEnum};

use super::PolicyOptions;

pub(crate) const ABOUT: &str = "Show what a policy will do";

pub(crate) const EXAMPLES: &str = "\
Examples:
  When the tries begin, and how long an outage they outlast:
      $ rebackoff plan --max-tries 8 --max-value 30s
  A picture of the load that 1000 clients make which fail together:
      $ rebackoff plan --wait fibo --max-time 1m --timeout 5s --format svg > plan.svg
  In CI, fail where a profile would do harm:
      $ rebackoff plan --max-tries 6 --jitter equal --lint";

/// Show what a policy will do
///
/// The engine of `rebackoff run` is run for many clients whose every try fails, with draws that depend on --seed
/// alone.
#[derive(Args, Debug)]
pub(crate) struct PlanOptions {
    #[command(flatten)]
    pub(crate) policy: PolicyOptions,

    /// In which form
    #[arg(short, long, value_name = "FORMAT", default_value = "text", help_heading = "Plan")]
    pub(crate) format: Format,
    /// Exit with 1 when there is a warning
    #[arg(long, help_heading = "Plan")]
    pub(crate) lint: bool,
    /// How many clients fail at the same moment
    #[arg(long, value_name = "COUNT", default_value_t = 1000, help_heading = "Plan",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) clients: u32,
    /// How long a failing try takes
    #[arg(long, value_name = "DURATION", default_value = "0s", help_heading = "Plan")]
    pub(crate) try_time: String,
    /// What the draws depend on
    #[arg(long, value_name = "NUMBER", default_value_t = 0, help_heading = "Plan")]
    pub(crate) seed: u64,
}

/// In which form a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables and bars, for a terminal.
    Text,
    /// All figures.
    Json,
    /// The picture.
    Svg,
    /// A page of its own: picture, tables and warnings.
    Html,
}
