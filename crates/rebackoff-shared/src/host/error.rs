use std::path::PathBuf;
use std::{fmt, io};

use rebackoff_core::PolicyError;

/// A guard cannot be shared.
#[derive(Debug)]
#[non_exhaustive]
pub enum SharedError {
    /// A parameter of the guard is not allowed.
    Parameter(PolicyError),
    /// The name is not allowed.
    Name(String),
    /// A folder or file is not what it must be.
    Refused {
        /// The folder or file.
        path: PathBuf,
        /// The fault, and its remedy.
        problem: String,
    },
    /// Guards cannot be shared on this operating system.
    Unsupported,
    /// The operating system refuses.
    Io {
        /// The action that failed.
        action: &'static str,
        /// The folder or file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

impl SharedError {
    #[cfg(target_os = "linux")]
    pub(super) fn refused(path: &std::path::Path, problem: impl Into<String>) -> Self {
        Self::Refused { path: path.to_owned(), problem: problem.into() }
    }

    /// The error of an action on `path`.
    #[cfg(target_os = "linux")]
    pub(super) fn io<E: Into<io::Error>>(
        action: &'static str,
        path: &std::path::Path,
    ) -> impl Fn(E) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source: source.into() }
    }
}

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(error) => error.fmt(f),
            Self::Name(name) => write!(
                f,
                "the name of a shared guard must be 1 to 100 letters, digits, '-', '_' and '.', \
                 and begin with none of these marks, but it is {name:?}"
            ),
            Self::Refused { path, problem } => write!(f, "{}: {problem}", path.display()),
            Self::Unsupported => f.write_str(
                "guards are shared by the processes of a host on Linux only; leave out the name",
            ),
            Self::Io { action, path, source } => {
                write!(f, "cannot {action} {}: {source}", path.display())
            }
        }
    }
}

impl std::error::Error for SharedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Parameter(error) => Some(error),
            Self::Io { source, .. } => Some(source),
            Self::Name(_) | Self::Refused { .. } | Self::Unsupported => None,
        }
    }
}

impl From<PolicyError> for SharedError {
    fn from(error: PolicyError) -> Self {
        Self::Parameter(error)
    }
}
