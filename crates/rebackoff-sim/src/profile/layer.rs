//! Parameters that come from one place.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use rebackoff_core::{Policy, Seconds, Setting, Settings, nearest};

use super::{ProfileError, duration};

/// The parameters of exactly one wait strategy.
const OWN: [(&str, &str); 8] = [
    ("interval", "constant"),
    ("start", "linear"),
    ("step", "linear"),
    ("factor", "expo"),
    ("throttled_factor", "expo"),
    ("initial_value", "decay"),
    ("decay_factor", "decay"),
    ("min_value", "decay"),
];

/// The place that parameters come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The table of a profile in this file.
    File {
        /// The file.
        path: PathBuf,
        /// The name of the table.
        profile: String,
    },
    /// Variables that begin with this.
    Environment {
        /// The beginning of their names.
        prefix: String,
    },
    /// Options.
    Options,
    /// The program itself.
    BuiltIn,
}

/// Parameters of one source, not yet checked.
#[derive(Clone, Debug)]
pub struct Layer {
    source: Source,
    parameters: Settings,
}

impl Layer {
    /// The parameters of a profile that are no parameters of a policy.
    pub const BESIDE: [&'static str; 2] = ["timeout", "throttled_factor"];

    /// A layer without parameters.
    pub fn new(source: Source) -> Self {
        Self { source, parameters: Settings::new() }
    }

    /// A layer of these parameters.
    pub const fn with(source: Source, parameters: Settings) -> Self {
        Self { source, parameters }
    }

    // Getters

    /// Returns whether the layer has no parameters.
    pub fn is_empty(&self) -> bool {
        self.parameters.is_empty()
    }

    /// The place that the parameters come from.
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// Returns whether the layer sets this parameter.
    pub fn names(&self, parameter: &str) -> bool {
        self.parameters.get(parameter).is_some()
    }

    /// `base` with these parameters in place of its own.
    ///
    /// # Errors
    ///
    /// Names the first parameter that is unknown or has a value that is not allowed.
    pub fn over(&self, base: &Policy) -> Result<Policy, ProfileError> {
        let mut settings = self.parameters.clone();
        for name in Self::BESIDE {
            settings.remove(name);
        }
        if let Some(name) = settings.names().find(|name| !Settings::NAMES.contains(name)) {
            return Err(ProfileError::new(format_args!("{}{}", self.source, unknown(name))));
        }
        if let Some(wait) = self.chosen_wait(base)? {
            settings.set("wait", wait);
        }
        if settings.is_empty() {
            return Ok(*base);
        }
        settings.over(base).map_err(|error| {
            let name = self.source.spell(error.parameter());
            let rule = match error.rule().strip_prefix(error.parameter()) {
                Some(rest) => format!("{name}{rest}"),
                None => format!("{name}: {}", error.rule()),
            };
            let (source, value, advice) = (&self.source, error.value(), error.advice());
            ProfileError::new(format_args!("{source}{rule}, but it is {value}{advice}"))
        })
    }

    /// The wait strategy that these parameters choose: those of exactly one strategy, where none is named.
    fn chosen_wait(&self, base: &Policy) -> Result<Option<&'static str>, ProfileError> {
        if self.names("wait") {
            return Ok(None);
        }
        let own = OWN.iter().filter(|(parameter, _)| self.names(parameter));
        let mut own = own.map(|(parameter, wait)| (self.source.spell(parameter), *wait));
        let Some((parameter, wait)) = own.next() else {
            return Ok(None);
        };
        if let Some((other, other_wait)) = own.find(|(_, other)| *other != wait) {
            return Err(ProfileError::new(format_args!(
                "{}{parameter} is a parameter of {wait}, and {other} of {other_wait}: leave one out",
                self.source
            )));
        }
        Ok(Some(wait).filter(|wait| *wait != base.wait().name()))
    }

    /// The duration of a parameter of profiles alone: `base` where the layer does not set it.
    ///
    /// # Errors
    ///
    /// The value is no duration above zero.
    pub fn duration_over(
        &self,
        parameter: &str,
        base: Option<Duration>,
    ) -> Result<Option<Duration>, ProfileError> {
        let name = self.source.spell(parameter);
        let limit = match self.parameters.get(parameter) {
            None => return Ok(base),
            Some(Setting::Text(text)) if text.trim() == "none" => return Ok(None),
            Some(Setting::Text(text)) => duration(&name, text)
                .map_err(|error| ProfileError::new(format_args!("{}{error}", self.source)))?,
            Some(Setting::Count(count)) => Duration::from_secs(*count),
            Some(Setting::Number(number)) if *number > 0.0 && number.is_finite() => {
                Seconds::new(*number).map(Seconds::to_duration).unwrap_or_default()
            }
            Some(other) => {
                let source = &self.source;
                return Err(ProfileError::new(format_args!(
                    "{source}{name} must be a duration, but it is {other}"
                )));
            }
        };
        if limit.is_zero() {
            return Err(ProfileError::new(format_args!(
                "{}{name} must be above 0s, but it is 0s",
                self.source
            )));
        }
        Ok(Some(limit))
    }

    // Handlers

    /// Sets a parameter to what a person wrote.
    pub fn set_text(&mut self, name: &str, text: &str) {
        self.parameters.set(name, text);
    }
}

/// The message about a parameter that does not exist.
fn unknown(name: &str) -> String {
    let known = Settings::NAMES.iter().copied().chain(Layer::BESIDE);
    match nearest(name, known.clone()) {
        Some(near) => format!("unknown parameter {name}; did you mean {near}?"),
        None => {
            format!("unknown parameter {name}: known are {}", known.collect::<Vec<_>>().join(", "))
        }
    }
}

impl Source {
    /// The spelling of the parameter in this place.
    pub fn spell(&self, parameter: &str) -> String {
        match self {
            Self::File { .. } | Self::BuiltIn => parameter.to_owned(),
            Self::Environment { prefix } => format!("{prefix}{}", parameter.to_ascii_uppercase()),
            Self::Options => format!("--{}", parameter.replace('_', "-")),
        }
    }
}

/// The beginning of a message about a parameter from this place.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, profile } => write!(f, "{}: [{profile}]: ", path.display()),
            Self::Environment { .. } | Self::Options | Self::BuiltIn => Ok(()),
        }
    }
}
