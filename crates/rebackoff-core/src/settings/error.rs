use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use core::fmt;

use crate::PolicyError;

/// A setting is unknown or outside of what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    pub(super) parameter: String,
    pub(super) rule: String,
    pub(super) value: String,
    pub(super) advice: String,
}

impl SettingError {
    /// The name of the wrong parameter, for example `max_tries`.
    pub fn parameter(&self) -> &str {
        &self.parameter
    }

    /// The sentence that says what is allowed, without the value.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// The value that is not allowed, as text.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The end of the message, which says what to do, as in `; did you mean full?`; empty without advice.
    pub fn advice(&self) -> &str {
        &self.advice
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, but it is {}{}", self.rule, self.value, self.advice)
    }
}

impl core::error::Error for SettingError {}

impl From<PolicyError> for SettingError {
    fn from(error: PolicyError) -> Self {
        Self {
            parameter: error.parameter().to_owned(),
            rule: error.rule().to_owned(),
            value: error.value().to_string(),
            advice: String::new(),
        }
    }
}
