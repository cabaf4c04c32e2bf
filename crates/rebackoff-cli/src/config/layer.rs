//! Parameters that come from one place.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use rebackoff_core::{Policy, Seconds, Setting, Settings};

use super::duration;
use crate::Failure;
use crate::suggest::{did_you_mean, nearest};

/// The parameters of exactly one wait strategy.
const OWN: [(&str, &str); 7] = [
    ("interval", "constant"),
    ("start", "linear"),
    ("step", "linear"),
    ("factor", "expo"),
    ("initial_value", "decay"),
    ("decay_factor", "decay"),
    ("min_value", "decay"),
];

/// The place that parameters come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// The table of a profile in this file.
    File { path: PathBuf, profile: String },
    /// Variables that begin with this.
    Environment { prefix: String },
    /// Options.
    Options,
}

/// Parameters of one source, not yet checked.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    source: Source,
    parameters: BTreeMap<String, Setting>,
}

impl Layer {
    pub(super) fn new(source: Source) -> Self {
        Self { source, parameters: BTreeMap::new() }
    }

    pub(super) fn with(source: Source, parameters: BTreeMap<String, Setting>) -> Self {
        Self { source, parameters }
    }

    // Getters

    pub(super) fn is_empty(&self) -> bool {
        self.parameters.is_empty()
    }

    pub(super) fn names(&self, parameter: &str) -> bool {
        self.parameters.contains_key(parameter)
    }

    /// `base` with these parameters in place of its own.
    pub(super) fn over(&self, base: &Policy) -> Result<Policy, Failure> {
        let mut settings = Settings::new();
        for (name, setting) in self.parameters.iter().filter(|(name, _)| *name != "timeout") {
            if !Settings::NAMES.contains(&name.as_str()) {
                return Err(Failure::new(format_args!("{}{}", self.source, unknown(name))));
            }
            settings.set(name, setting.clone());
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
            let value = error.value();
            let words = error.rule().split_once("must be one of ").map_or("", |(_, words)| words);
            let advice = if value.starts_with("\"-") && rule.contains("a duration") {
                "; a duration is never negative".to_owned()
            } else {
                did_you_mean(value.trim_matches('"'), words.split(", "))
            };
            Failure::new(format_args!("{}{rule}, but it is {value}{advice}", self.source))
        })
    }

    /// The wait strategy that these parameters choose: those of exactly one strategy, where none is named.
    fn chosen_wait(&self, base: &Policy) -> Result<Option<&'static str>, Failure> {
        if self.names("wait") {
            return Ok(None);
        }
        let own = OWN.iter().filter(|(parameter, _)| self.names(parameter));
        let mut own = own.map(|(parameter, wait)| (self.source.spell(parameter), *wait));
        let Some((parameter, wait)) = own.next() else {
            return Ok(None);
        };
        if let Some((other, other_wait)) = own.find(|(_, other)| *other != wait) {
            return Err(Failure::new(format_args!(
                "{}{parameter} is a parameter of {wait}, and {other} of {other_wait}: leave one out",
                self.source
            )));
        }
        Ok(Some(wait).filter(|wait| *wait != base.wait().name()))
    }

    /// The limit on each try: `base` where nothing is said.
    pub(super) fn timeout_over(&self, base: Option<Duration>) -> Result<Option<Duration>, Failure> {
        let name = self.source.spell("timeout");
        let limit = match self.parameters.get("timeout") {
            None => return Ok(base),
            Some(Setting::Text(text)) if text.trim() == "none" => return Ok(None),
            Some(Setting::Text(text)) => {
                duration(&name, text).map_err(|failure| failure.within(&self.source))?
            }
            Some(Setting::Count(count)) => Duration::from_secs(*count),
            Some(Setting::Number(number)) if *number > 0.0 => {
                Seconds::new(*number).map(Seconds::to_duration).unwrap_or_default()
            }
            Some(other) => {
                let source = &self.source;
                return Err(Failure::new(format_args!(
                    "{source}{name} must be a duration, but it is {other}"
                )));
            }
        };
        if limit.is_zero() {
            return Err(Failure::new(format_args!(
                "{}{name} must be above 0s, but it is 0s",
                self.source
            )));
        }
        Ok(Some(limit))
    }

    // Handlers

    /// Sets a parameter to what a person wrote: `1s,5s` is a list of waits.
    pub(super) fn set_text(&mut self, name: &str, text: &str) {
        let setting = if name == "interval" && text.contains(',') {
            Setting::List(text.split(',').map(Setting::from).collect())
        } else {
            Setting::from(text)
        };
        self.parameters.insert(name.to_owned(), setting);
    }
}

/// The message about a parameter that does not exist.
fn unknown(name: &str) -> String {
    let known = Settings::NAMES.iter().copied().chain(["timeout"]);
    match nearest(name, known.clone()) {
        Some(near) => format!("unknown parameter {name}; did you mean {near}?"),
        None => {
            format!("unknown parameter {name}: known are {}", known.collect::<Vec<_>>().join(", "))
        }
    }
}

impl Source {
    /// The spelling of the parameter in this place.
    pub(super) fn spell(&self, parameter: &str) -> String {
        match self {
            Self::File { .. } => parameter.to_owned(),
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
            Self::Environment { .. } | Self::Options => Ok(()),
        }
    }
}
