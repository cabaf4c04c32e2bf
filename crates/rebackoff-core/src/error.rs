//! Errors of wrong parameters.

use core::fmt;

use crate::Seconds;

/// A policy, a budget or a breaker cannot be built: one of its parameters is outside of what is allowed.
///
/// ```
/// use rebackoff_core::{Policy, expo};
///
/// let error = Policy::new(expo()).max_tries(0).build().unwrap_err();
/// assert_eq!(error.parameter(), "max_tries");
/// assert_eq!(error.to_string(), "max_tries must be at least 1, but it is 0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyError {
    parameter: &'static str,
    rule: &'static str,
    value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    Count(u64),
    Span(Seconds),
    Word(&'static str),
}

impl PolicyError {
    pub(crate) const fn new(parameter: &'static str, rule: &'static str, value: Value) -> Self {
        Self { parameter, rule, value }
    }

    /// The name of the wrong parameter, for example `max_tries`.
    pub const fn parameter(&self) -> &'static str {
        self.parameter
    }

    /// The value that is not allowed, as text.
    pub fn value(&self) -> impl fmt::Display + use<> {
        self.value
    }

    /// The sentence that says what is allowed, without the value.
    pub const fn rule(&self) -> &'static str {
        self.rule
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, but it is {}", self.rule, self.value)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A negative zero reads as zero.
            Self::Number(number) => write!(f, "{}", number + 0.0),
            Self::Count(count) => write!(f, "{count}"),
            Self::Span(span) => write!(f, "{span}"),
            Self::Word(word) => f.write_str(word),
        }
    }
}

impl core::error::Error for PolicyError {}

/// The errors of parameters that several strategies share.
pub(crate) const fn above_zero(
    parameter: &'static str,
    rule: &'static str,
    number: f64,
) -> Result<(), PolicyError> {
    if number > 0.0 && number.is_finite() {
        Ok(())
    } else {
        Err(PolicyError::new(parameter, rule, Value::Number(number)))
    }
}

pub(crate) const fn within(
    parameter: &'static str,
    rule: &'static str,
    number: f64,
    least: f64,
    most: f64,
) -> Result<(), PolicyError> {
    if number >= least && number <= most {
        Ok(())
    } else {
        Err(PolicyError::new(parameter, rule, Value::Number(number)))
    }
}

pub(crate) const fn cap_reaches(first: Seconds, cap: Seconds) -> Result<(), PolicyError> {
    if cap.get() >= first.get() {
        Ok(())
    } else {
        let rule = "max_value must be at least the first wait";
        Err(PolicyError::new("max_value", rule, Value::Span(cap)))
    }
}
