use clap::{Args, ValueEnum};
use serde::Serialize;

use super::PolicyOptions;

pub(crate) const ABOUT: &str = "Show what a policy will do";

pub(crate) const EXAMPLES: &str = "\
Examples:
  When the tries begin, and how long an outage they outlast:
      $ rebackoff plan --max-tries 8 --max-value 30s
  A picture of the load that 1000 clients make which fail together:
      $ rebackoff plan --wait fibo --max-time 1m --timeout 5s --format svg > plan.svg
  In CI, fail where a profile would do harm:
      $ rebackoff plan --max-tries 6 --jitter equal --lint

Exit status:
  0; 1 when there is a warning and --lint is given; 125 for wrong usage, or more tries than plan simulates.

Environment:
  REBACKOFF_PROFILE, the profile unless --profile is given; REBACKOFF_<PROFILE>_<PARAMETER>, its parameters.

Files:
  rebackoff.toml in the working directory, then rebackoff/rebackoff.toml in XDG_CONFIG_HOME (~/.config), for \
--profile.

Rules of --lint:
  cut-list: a limit ends the call before the list of waits does.
  herd: clients retry at once, or too often in a second.
  idle-cap: no wait reaches --max-value.
  idle-max-time: no call reaches --max-time, even if each try lasts until --timeout.
  idle-max-tries: no call reaches --max-tries, even if each try fails at once.
  long-streak: --max-tries is below --consecutive.
  long-timeout: a try that lasts until --timeout leaves no time for a retry.
  never-retries: no retry can happen.
  no-cap: a wait grows beyond five minutes.
  no-jitter: clients that fail together retry together.
  no-limit: nothing ends the retries.
  no-wait: every wait is zero.
  past-max-time: the last try can run past --max-time, since it has no --timeout.";

/// Show what a policy will do
///
/// The engine of `rebackoff run` is run for many clients whose every try fails, with draws that depend on --seed
/// alone.
#[derive(Args, Debug)]
pub(crate) struct PlanOptions {
    #[command(flatten)]
    pub(crate) policy: PolicyOptions,

    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "text", help_heading = "Plan")]
    pub(crate) format: Format,
    /// Exit with 1 when there is a warning
    #[arg(long, help_heading = "Plan")]
    pub(crate) lint: bool,
    /// Leave out the warnings of these rules, by name
    #[arg(
        long,
        value_name = "RULES",
        value_delimiter = ',',
        hide_possible_values = true,
        help_heading = "Plan"
    )]
    pub(crate) ignore: Vec<Rule>,
    /// Check the policy for a `rebackoff run` with this --consecutive
    #[arg(long, value_name = "COUNT", default_value_t = 1, hide_default_value = true, help_heading = "Plan",
          value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) consecutive: u64,
    /// Number of clients that fail at the same moment
    #[arg(long, value_name = "COUNT", default_value_t = 1000, help_heading = "Plan",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) clients: u32,
    /// Duration of a failing try
    #[arg(long, value_name = "DURATION", default_value = "0s", help_heading = "Plan")]
    pub(crate) try_time: String,
    /// Show the success and load of calls whose tries fail with this chance, from 0 to 1
    #[arg(long, value_name = "CHANCE", help_heading = "Plan", value_parser = chance)]
    pub(crate) failure_rate: Option<f64>,
    /// Show the recovery from an outage that ends after this time
    #[arg(long, value_name = "DURATION", help_heading = "Plan")]
    pub(crate) outage: Option<String>,
    /// Show the load beside that of another profile
    #[arg(long, value_name = "PROFILE", help_heading = "Plan")]
    pub(crate) compare: Option<String>,
    /// Seed of the draws
    #[arg(long, value_name = "NUMBER", default_value_t = 0, help_heading = "Plan")]
    pub(crate) seed: u64,
}

fn chance(text: &str) -> Result<f64, String> {
    let chance = text.parse().ok().filter(|chance| (0.0..=1.0).contains(chance));
    chance.ok_or_else(|| "a chance is a number from 0 to 1".to_owned())
}

/// Output format of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables and bars, for a terminal.
    Text,
    /// All figures.
    Json,
    /// A line for each try, and for each figure of the load.
    Csv,
    /// The picture.
    Svg,
    /// A page of its own: picture, tables and warnings.
    Html,
}

/// A rule of `--lint`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Rule {
    /// No retry can happen.
    NeverRetries,
    /// Nothing ends the retries.
    NoLimit,
    /// Clients that fail together retry together.
    NoJitter,
    /// Every wait is zero.
    NoWait,
    /// Clients retry at once, or too often in a second.
    Herd,
    /// A wait grows beyond five minutes.
    NoCap,
    /// No wait reaches --max-value.
    IdleCap,
    /// No call reaches --max-time, even if each try lasts until --timeout.
    IdleMaxTime,
    /// No call reaches --max-tries, even if each try fails at once.
    IdleMaxTries,
    /// A limit ends the call before the list of waits does.
    CutList,
    /// The last try can run past --max-time, since it has no --timeout.
    PastMaxTime,
    /// A try that lasts until --timeout leaves no time for a retry.
    LongTimeout,
    /// --max-tries is below --consecutive.
    LongStreak,
}
