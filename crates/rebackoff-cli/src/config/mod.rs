//! The policy of options, environment and files.

mod profile;

use std::env;
use std::time::Duration;

use rebackoff_sim::profile::{Layer, Profile, Source, built_in};

use crate::CliError;
use crate::options::PolicyOptions;
use profile::Found;

impl PolicyOptions {
    /// The policy: an option, then the environment, then a file, then what is built in.
    pub(crate) fn resolve(&self) -> Result<Profile, CliError> {
        Profile::of(&self.layers()?).map_err(CliError::new)
    }

    /// Lowest first.
    fn layers(&self) -> Result<Vec<Layer>, CliError> {
        let mut layers = Vec::new();
        if let Some(name) = self.profile_name()? {
            let Found { file, environment } = Found::read(&name, self.config.as_deref())?;
            match file {
                Ok(file) => layers.push(file),
                Err(missing) => match built_in(&name) {
                    Some(layer) => layers.push(layer),
                    None if environment.is_empty() => return Err(missing),
                    None => {}
                },
            }
            layers.push(environment);
        } else if let Some(config) = &self.config {
            return Err(CliError::new(format_args!(
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
    pub(crate) fn profile_name(&self) -> Result<Option<String>, CliError> {
        match (&self.profile, env::var("REBACKOFF_PROFILE")) {
            (Some(name), _) => Ok(Some(name.clone())),
            (None, Ok(name)) if !name.is_empty() => Ok(Some(name)),
            (None, Err(env::VarError::NotUnicode(_))) => {
                Err(CliError::new("REBACKOFF_PROFILE is not UTF-8"))
            }
            (None, _) => Ok(None),
        }
    }
}

/// The duration of the option `name`, which `text` is.
pub(crate) fn duration(name: &str, text: &str) -> Result<Duration, CliError> {
    rebackoff_sim::profile::duration(name, text).map_err(CliError::new)
}
