use std::fmt::{self, Display};

/// A scenario is wrong, or needs more than the simulator's bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    line: Option<usize>,
    message: String,
}

impl ScenarioError {
    pub(crate) fn new(line: Option<usize>, message: impl Display) -> Self {
        Self { line, message: message.to_string() }
    }

    pub(super) fn without_line(&self) -> &str {
        &self.message
    }

    /// The line of the wrong value, counted from 1; `None` where the error has no place in the text.
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for ScenarioError {}
