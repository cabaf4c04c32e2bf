//! The end of a try.

use std::fmt;

use crate::signals::signal_name;

/// The end of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The command exited with this code.
    Exited(u8),
    /// This signal ended the command.
    Killed(i32),
    /// The limit on each try ended the command, which has this exit code of its own.
    TimedOut(u8),
    /// The system had no resources to start the command, for this reason.
    NotStarted(String),
    /// The file cannot be executed, for this reason.
    NotExecutable(String),
    /// The command or its interpreter does not exist, with details.
    NotFound(String),
}

impl Ending {
    /// The code of a time limit.
    pub(crate) const TIME_LIMIT: u8 = 124;

    /// The exit code of this end.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Exited(code) => *code,
            Self::Killed(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
            Self::TimedOut(_) => Self::TIME_LIMIT,
            Self::NotStarted(_) => 125,
            Self::NotExecutable(_) => 126,
            Self::NotFound(_) => 127,
        }
    }

    /// The exit code of the command itself, where a limit ended it.
    pub(crate) fn own_code(&self) -> u8 {
        match self {
            Self::TimedOut(own) => *own,
            other => other.code(),
        }
    }

    /// The signal that ended the command.
    pub(crate) fn signal(&self) -> Option<i32> {
        match self {
            Self::Killed(signal) => Some(*signal),
            _ => None,
        }
    }

    /// The reason for which no command was started.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::NotStarted(reason) | Self::NotExecutable(reason) | Self::NotFound(reason) => {
                Some(reason)
            }
            _ => None,
        }
    }

    /// Returns whether no command was started.
    pub(crate) fn is_without_command(&self) -> bool {
        matches!(self, Self::NotExecutable(_) | Self::NotFound(_))
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exited with {code}"),
            Self::Killed(signal) => write!(f, "was ended by {}", signal_name(*signal)),
            Self::TimedOut(_) => f.write_str("ran into its time limit"),
            Self::NotStarted(reason) => write!(f, "could not be started: {reason}"),
            Self::NotExecutable(reason) => write!(f, "cannot be executed: {reason}"),
            Self::NotFound(reason) => write!(f, "was not found: {reason}"),
        }
    }
}
