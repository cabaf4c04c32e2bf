//! The policy of options, environment and files.

mod layer;
mod profile;

use std::env;
use std::time::Duration;

use rebackoff_core::{Policy, PolicyBuilder, Wait, parse_duration, policy, secs};

use crate::Failure;
use crate::options::PolicyOptions;
use layer::{Layer, Source};
use profile::Profile;

/// The default policy, and the tries of a policy that has no limit.
const BUILT_IN: Policy = policy!(expo(max_value = secs(60)));
const MAX_TRIES: u64 = 5;

/// A policy with what a command line adds to one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Config {
    pub(crate) policy: Policy,
    /// Most time for each try.
    pub(crate) timeout: Option<Duration>,
    /// The cap is no default.
    pub(crate) cap_is_given: bool,
}

impl PolicyOptions {
    /// The policy: an option, then the environment, then a file, then what is built in.
    pub(crate) fn resolve(&self) -> Result<Config, Failure> {
        let mut config = Config { policy: BUILT_IN, timeout: None, cap_is_given: false };
        let mut is_limited = false;
        for layer in self.layers()? {
            config.policy = layer.over(&config.policy)?;
            config.timeout = layer.timeout_over(config.timeout)?;
            config.cap_is_given |= layer.names("max_value");
            is_limited |= layer.names("max_tries") || layer.names("max_time");
        }
        let ends = matches!(config.policy.wait(), Wait::List(_));
        if !is_limited && !ends {
            let limited = PolicyBuilder::from(config.policy).max_tries(MAX_TRIES).build();
            config.policy = limited.map_err(Failure::new)?;
        }
        if matches!(config.policy.wait(), Wait::Runtime(_)) {
            return Err(Failure::new(
                "the wait strategy runtime is a function of a program's own: choose another",
            ));
        }
        Ok(config)
    }

    /// Lowest first.
    fn layers(&self) -> Result<Vec<Layer>, Failure> {
        let mut layers = Vec::new();
        if let Some(name) = self.profile_name()? {
            let Profile { file, environment } = Profile::read(&name, self.config.as_deref())?;
            match file {
                Ok(file) => layers.push(file),
                Err(missing) if environment.is_empty() => return Err(missing),
                Err(_) => {}
            }
            layers.push(environment);
        } else if let Some(config) = &self.config {
            return Err(Failure::new(format_args!(
                "--config {} is without effect: choose a profile of it with --profile",
                config.display()
            )));
        }
        let mut options = Layer::new(Source::Options);
        for (name, value) in self.given() {
            options.set_text(name, value);
        }
        if let Some(timeout) = &self.timeout {
            options.set_text("timeout", timeout);
        }
        layers.push(options);
        Ok(layers)
    }

    /// The name of the profile, from the option or the environment.
    pub(crate) fn profile_name(&self) -> Result<Option<String>, Failure> {
        match (&self.profile, env::var("REBACKOFF_PROFILE")) {
            (Some(name), _) => Ok(Some(name.clone())),
            (None, Ok(name)) if !name.is_empty() => Ok(Some(name)),
            (None, Err(env::VarError::NotUnicode(_))) => {
                Err(Failure::new("REBACKOFF_PROFILE is not UTF-8"))
            }
            (None, _) => Ok(None),
        }
    }
}

/// The duration of the option `name`, which `text` is.
pub(crate) fn duration(name: &str, text: &str) -> Result<Duration, Failure> {
    parse_duration(text).map_err(|error| {
        let advice = if text.starts_with('-') { "; a duration is never negative" } else { "" };
        Failure::new(format_args!("{name} is a duration, and {error}, but it is {text:?}{advice}"))
    })
}
