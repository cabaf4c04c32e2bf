use std::fmt;

use rebackoff_core::PolicyError;

/// A guard of a fleet cannot be made, as a parameter is outside of what is allowed; or an operator's store does not answer.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetError {
    parameter: &'static str,
    message: String,
}

impl FleetError {
    /// `rule` says what is allowed, `value` is what was given.
    pub(super) fn new(parameter: &'static str, rule: &str, value: impl fmt::Display) -> Self {
        Self { parameter, message: format!("{rule}, but it is {value}") }
    }

    /// The store, or a key in it, and its fault.
    pub(super) fn of(place: &str, fault: &str) -> Self {
        Self { parameter: "url", message: format!("{place}: {fault}") }
    }

    /// The name of the wrong parameter, for example `name`.
    pub const fn parameter(&self) -> &'static str {
        self.parameter
    }
}

impl fmt::Display for FleetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FleetError {}

impl From<PolicyError> for FleetError {
    fn from(error: PolicyError) -> Self {
        Self { parameter: error.parameter(), message: error.to_string() }
    }
}
