//! From options to the task.

use std::env;
use std::time::Duration;

use nix::sys::signal::Signal;
use rebackoff_core::{Policy, Seconds};
use rebackoff_sim::{ScenarioError, named_breaker, named_budget};
use regex_automata::meta::{BuildError, Regex};

use super::call::report_of_failure;
use super::conditions::{Conditions, Patterns, literal, pattern};
use super::guards::{AskedFleet, AskedGuards};
use super::{ExitCodes, Run};
use crate::CliError;
use crate::codes::Codes;
use crate::config::duration;
use crate::options::RunOptions;
use crate::report::Reporter;
use crate::signals::parse_signal;

/// An option and its value.
type Given<'o> = (&'static str, &'o Option<String>);

const GRACE: Duration = Duration::from_secs(5);

impl RunOptions {
    /// The task of these options.
    ///
    /// # Errors
    ///
    /// The first option whose value is not allowed.
    pub(crate) fn resolve(self) -> Result<Run, CliError> {
        let reporter = Reporter::open(&self)?;
        match self.checked() {
            Ok(run) => Ok(Run { reporter, ..run }),
            Err(failure) => {
                reporter.log(&report_of_failure(&failure, 0));
                Err(failure)
            }
        }
    }

    /// The task of these options, without a reporter.
    fn checked(self) -> Result<Run, CliError> {
        let config = self.policy.resolve()?;
        self.check_throttled(config.throttled.is_some() || self.budget.is_some())?;
        Ok(Run {
            policy: inside_of_outer(config.policy),
            throttled: config.throttled.map(inside_of_outer),
            timeout: config.timeout,
            deadline: some_time("--deadline", self.deadline.as_deref())?,
            grace: some_duration("--grace", self.grace.as_deref())?.unwrap_or(GRACE),
            signal: ending_signal(self.signal.as_deref())?,
            conditions: self.conditions()?,
            guards: self.guards()?,
            command: self.command,
            on_retry: self.on_retry,
            on_success: self.on_success,
            on_giveup: self.on_giveup,
            once: self.once,
            failed_output: self.failed_output,
            replay_stdin: self.replay_stdin,
            state: self.state,
            exit_codes: ExitCodes {
                preserve_status: self.preserve_status,
                timeout: self.timeout_code,
                conflict: self.conflict_code,
            },
            reporter: Reporter::default(),
        })
    }

    fn guards(&self) -> Result<AskedGuards, CliError> {
        let wrong =
            |option| move |error: ScenarioError| CliError::new(format_args!("{option}: {error}"));
        let breaker = self.breaker.as_deref().map(named_breaker).transpose();
        let budget = self.budget.as_deref().map(named_budget).transpose();
        Ok(AskedGuards {
            breaker: breaker.map_err(wrong("--breaker"))?,
            budget: budget.map_err(wrong("--budget"))?,
            fleet: self.fleet()?,
        })
    }

    /// The fleet that the options name, or the environment.
    fn fleet(&self) -> Result<Option<AskedFleet>, CliError> {
        let has_guards = self.breaker.is_some() || self.budget.is_some();
        match &self.fleet {
            given if has_guards => AskedFleet::of(given.as_deref()),
            Some(_) => {
                let message = "--fleet is without effect: give --breaker or --budget";
                Err(CliError::new(message))
            }
            None => Ok(None),
        }
    }

    /// Checks that failures of a server that throttles have a wait or a price of their own where options name them.
    fn check_throttled(&self, has_effect: bool) -> Result<(), CliError> {
        let given = [
            ("--throttled", &self.throttled),
            ("--throttled-if-stdout", &self.throttled_if_stdout),
            ("--throttled-if-stderr", &self.throttled_if_stderr),
        ];
        match given.into_iter().find(|(_, value)| value.is_some()) {
            Some((option, _)) if !has_effect => Err(CliError::new(format_args!(
                "{option} is without effect: give the wait with --throttled-factor, or the price with --budget"
            ))),
            _ => Ok(()),
        }
    }

    fn conditions(&self) -> Result<Conditions, CliError> {
        let contains = searched("--contains", self.contains.as_deref(), literal)?;
        let patterns = |retry: Given<'_>, throttled: Given<'_>, until: Given<'_>| {
            let until = regex(until.0, until.1.as_deref())?.into_iter().chain(contains.clone());
            let retry = regex(retry.0, retry.1.as_deref())?;
            let throttled = regex(throttled.0, throttled.1.as_deref())?;
            Ok(Patterns { retry, throttled, until: until.collect() })
        };
        let stdout = patterns(
            ("--retry-if-stdout", &self.retry_if_stdout),
            ("--throttled-if-stdout", &self.throttled_if_stdout),
            ("--until-stdout", &self.until_stdout),
        )?;
        let stderr = patterns(
            ("--retry-if-stderr", &self.retry_if_stderr),
            ("--throttled-if-stderr", &self.throttled_if_stderr),
            ("--until-stderr", &self.until_stderr),
        )?;
        let by_default = match (self.until_fail, stdout.retry.is_some() || stderr.retry.is_some()) {
            (true, _) => Codes::success(),
            (false, true) => Codes::default(),
            (false, false) => Codes::failures(),
        };
        Ok(Conditions {
            on: codes("--on", self.on.as_deref())?.unwrap_or(by_default),
            stop_on: codes("--stop-on", self.stop_on.as_deref())?.unwrap_or_default(),
            throttled: codes("--throttled", self.throttled.as_deref())?.unwrap_or_default(),
            until_fail: self.until_fail,
            consecutive: self.consecutive,
            stdout,
            stderr,
            retry_after: regex("--retry-after-regex", self.retry_after_regex.as_deref())?,
        })
    }
}

/// The policy of a run inside a try of another: it does not outlive the outer one.
fn inside_of_outer(policy: Policy) -> Policy {
    if env::var_os("REBACKOFF_TRY").is_none() {
        return policy;
    }
    let remaining = env::var("REBACKOFF_REMAINING_MS").ok().and_then(|text| text.parse().ok());
    let remaining = remaining.map(|millis| Seconds::from_duration(Duration::from_millis(millis)));
    policy.inside(&policy.limits().inside(remaining, Seconds::ZERO))
}

fn codes(option: &str, text: Option<&str>) -> Result<Option<Codes>, CliError> {
    let parse =
        |text| Codes::parse(text).map_err(|rule| CliError::new(format_args!("{option} {rule}")));
    text.map(parse).transpose()
}

fn some_duration(option: &str, text: Option<&str>) -> Result<Option<Duration>, CliError> {
    text.map(|text| duration(option, text)).transpose()
}

/// A duration above zero.
fn some_time(option: &str, text: Option<&str>) -> Result<Option<Duration>, CliError> {
    match some_duration(option, text)? {
        Some(Duration::ZERO) => {
            Err(CliError::new(format_args!("{option} must be above 0s, but it is 0s")))
        }
        time => Ok(time),
    }
}

fn ending_signal(name: Option<&str>) -> Result<Signal, CliError> {
    let Some(name) = name else {
        return Ok(Signal::SIGTERM);
    };
    let signal = parse_signal(name).and_then(|number| Signal::try_from(number).ok());
    signal.ok_or_else(|| {
        CliError::new(format_args!(
            "--signal must be the name or the number of a signal, for example INT or 2, but it is {name:?}"
        ))
    })
}

fn regex(option: &str, text: Option<&str>) -> Result<Option<Regex>, CliError> {
    searched(option, text, pattern)
}

/// The expression that `build` makes of a text. Every output has an empty one, which a script gives by a variable that
/// is not set.
fn searched(
    option: &str,
    text: Option<&str>,
    build: impl Fn(&str) -> Result<Regex, Box<BuildError>>,
) -> Result<Option<Regex>, CliError> {
    match text {
        None => Ok(None),
        Some("") => Err(CliError::new(format_args!(
            "{option} must not be empty, as every output has an empty text"
        ))),
        Some(text) => build(text).map(Some).map_err(|error| wrong_pattern(option, &error)),
    }
}

fn wrong_pattern(option: &str, error: &BuildError) -> CliError {
    match (error.syntax_error(), error.size_limit()) {
        (Some(reason), _) => {
            CliError::new(format_args!("{option} is no regular expression: {reason}"))
        }
        (_, Some(bytes)) => {
            let rule = "must be a smaller regular expression: compiled";
            CliError::new(format_args!("{option} {rule}, it has more than {bytes} bytes"))
        }
        _ => CliError::new(format_args!("{option} cannot be compiled: {error}")),
    }
}
