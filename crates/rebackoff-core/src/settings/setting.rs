use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::SettingError;
#[cfg(doc)]
use super::Settings;
use crate::Seconds;
use crate::did_you_mean;
use crate::human::{ParseDurationError, parse_duration};

/// One value of [`Settings`]: a number, a text, or a list of them.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(untagged))]
pub enum Setting {
    /// A whole number, for example of tries.
    Count(u64),
    /// A number, for example of seconds.
    Number(f64),
    /// A word or a duration.
    Text(String),
    /// The waits of a finite list.
    List(Vec<Setting>),
    /// A value of a kind that no parameter takes, such as a table, in words. It is kept so that the error
    /// of [`Settings::over`] names the parameter.
    Other(String),
}

impl Setting {
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.trim()),
            _ => None,
        }
    }

    pub(super) fn count(&self, name: &str) -> Result<u64, SettingError> {
        let count = match self {
            Self::Count(count) => Some(*count),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        count.ok_or_else(|| {
            let refused = self.refused(name, "{name} must be a whole number of at least 1");
            match self {
                // `3.0` would read as a whole number.
                Self::Number(number) if *number > 0.0 => {
                    SettingError { value: format!("{number:?}"), ..refused }
                }
                _ => refused,
            }
        })
    }

    pub(super) fn number(&self, name: &str) -> Result<f64, SettingError> {
        #[allow(clippy::cast_precision_loss, reason = "no parameter is near 2⁵³")]
        let number = match self {
            Self::Count(count) => Some(*count as f64),
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::List(_) | Self::Other(_) => None,
        };
        number.ok_or_else(|| self.refused(name, "{name} must be a number"))
    }

    pub(super) fn duration(&self, name: &str) -> Result<Duration, SettingError> {
        let duration = match self {
            Self::Count(count) => Some(Duration::from_secs(*count)),
            Self::Number(number) if number.is_finite() => {
                Seconds::new(*number).map(Seconds::to_duration)
            }
            Self::Text(text) => parse_duration(text).ok(),
            Self::Number(_) | Self::List(_) | Self::Other(_) => None,
        };
        duration.ok_or_else(|| {
            self.refused(name, &format!("{{name}} is a duration, and {ParseDurationError}"))
        })
    }

    pub(super) fn refused(&self, name: &str, rule: &str) -> SettingError {
        let words = rule.split_once("must be one of ").map_or("", |(_, words)| words);
        let advice = match self {
            Self::Text(text) if text.starts_with('-') && rule.contains("a duration") => {
                "; a duration is never negative".to_owned()
            }
            Self::Text(text) => did_you_mean(text, words.split(", ")),
            _ => String::new(),
        };
        SettingError {
            parameter: name.to_owned(),
            rule: rule.replace("{name}", name),
            value: self.to_string(),
            advice,
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            // The sum has no negative zero.
            Self::Number(number) => write!(f, "{}", number + 0.0),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Other(words) => f.write_str(words),
            Self::List(settings) => {
                f.write_str("[")?;
                for (n, setting) in settings.iter().enumerate() {
                    write!(f, "{}{setting}", if n == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
        }
    }
}

impl From<&str> for Setting {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Setting {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Setting {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<f64> for Setting {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// A whole number of seconds stays one.
impl From<Seconds> for Setting {
    fn from(seconds: Seconds) -> Self {
        let duration = seconds.to_duration();
        if duration.subsec_nanos() == 0 {
            Self::Count(duration.as_secs())
        } else {
            Self::Number(seconds.get())
        }
    }
}
