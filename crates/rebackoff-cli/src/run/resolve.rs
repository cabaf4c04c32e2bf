//! From options to what is to be done.

use std::time::Duration;
use std::{env, fmt};

use rebackoff_core::{Policy, Seconds};
use regex::bytes::{Regex, RegexBuilder};

use super::Run;
use super::conditions::Conditions;
use crate::Failure;
use crate::codes::Codes;
use crate::config::duration;
use crate::options::RunOptions;
use crate::tell::Voice;

const GRACE: Duration = Duration::from_secs(5);

impl RunOptions {
    /// What these options come to.
    ///
    /// # Errors
    ///
    /// The first option whose value is not allowed.
    pub(crate) fn resolve(self) -> Result<Run, Failure> {
        let voice = Voice::open(&self)?;
        let config = self.policy.resolve()?;
        Ok(Run {
            policy: inside_of_outer(config.policy),
            timeout: config.timeout,
            grace: match &self.grace {
                Some(text) => duration("--grace", text)?,
                None => GRACE,
            },
            conditions: self.conditions()?,
            command: self.command,
            on_retry: self.on_retry,
            once: self.once,
            replay_stdin: self.replay_stdin,
            state: self.state,
            voice,
        })
    }

    fn conditions(&self) -> Result<Conditions, Failure> {
        let stdout = regex("--retry-if-stdout", self.retry_if_stdout.as_deref())?;
        let stderr = regex("--retry-if-stderr", self.retry_if_stderr.as_deref())?;
        let by_default = match (self.until_fail, stdout.is_some() || stderr.is_some()) {
            (true, _) => Codes::success(),
            (false, true) => Codes::default(),
            (false, false) => Codes::failures(),
        };
        Ok(Conditions {
            on: codes("--on", self.on.as_deref())?.unwrap_or(by_default),
            stop_on: codes("--stop-on", self.stop_on.as_deref())?.unwrap_or_default(),
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

fn codes(option: &str, text: Option<&str>) -> Result<Option<Codes>, Failure> {
    let parse =
        |text| Codes::parse(text).map_err(|rule| Failure::new(format_args!("{option} {rule}")));
    text.map(parse).transpose()
}

/// Output is bytes. The tables of Unicode's upper and lower case would be the larger part of what a start relocates.
fn regex(option: &str, text: Option<&str>) -> Result<Option<Regex>, Failure> {
    let build = |text| {
        RegexBuilder::new(text).multi_line(true).unicode(false).build().map_err(|error| {
            let message: &dyn fmt::Display = &error;
            Failure::new(format_args!("{option} is no regular expression: {message}"))
        })
    };
    text.map(build).transpose()
}
