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

/// The message has that of the error inside, whose own source is the next one.
impl std::error::Error for SharedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Parameter(error) => error.source(),
            Self::Io { source, .. } => source.source(),
            Self::Name(_) | Self::Refused { .. } | Self::Unsupported => None,
        }
    }
}

impl From<PolicyError> for SharedError {
    fn from(error: PolicyError) -> Self {
        Self::Parameter(error)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use rebackoff_core::Breaker;

    use super::*;

    /// The messages of an error and its sources, as reports print them.
    fn chain(error: &dyn Error) -> Vec<String> {
        let mut next = Some(error);
        let mut messages = Vec::new();
        while let Some(error) = next {
            messages.push(error.to_string());
            next = error.source();
        }
        messages
    }

    #[test]
    fn a_report_of_all_sources_says_nothing_twice() {
        let parameter = SharedError::from(Breaker::builder().consecutive(0).build().unwrap_err());
        assert_eq!(chain(&parameter), ["consecutive must be at least 1, but it is 0"]);
        let (path, source) = (PathBuf::from("/shm"), io::Error::other("no space"));
        let io = SharedError::Io { action: "make", path, source };
        assert_eq!(chain(&io), ["cannot make /shm: no space"]);
    }
}
