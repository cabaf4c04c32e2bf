//! How a try ended.

use std::fmt;

use crate::signals::signal_name;

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The command exited with this code.
    Exited(u8),
    /// This signal ended the command.
    Killed(i32),
    /// The limit on each try ended the command.
    TimedOut,
    /// There is such a file, but it cannot be executed.
    NotExecutable,
    /// There is no such command.
    NotFound,
}

impl Ending {
    /// The code of a time limit.
    pub(crate) const TIME_LIMIT: u8 = 124;

    /// The exit code that says so.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Exited(code) => code,
            Self::Killed(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
            Self::TimedOut => Self::TIME_LIMIT,
            Self::NotExecutable => 126,
            Self::NotFound => 127,
        }
    }

    /// The signal that ended the command.
    pub(crate) fn signal(self) -> Option<i32> {
        match self {
            Self::Killed(signal) => Some(signal),
            _ => None,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exited with {code}"),
            Self::Killed(signal) => write!(f, "was ended by {}", signal_name(*signal)),
            Self::TimedOut => f.write_str("ran into its time limit"),
            Self::NotExecutable => f.write_str("cannot be executed"),
            Self::NotFound => f.write_str("was not found"),
        }
    }
}
