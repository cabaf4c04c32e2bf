//! The client that makes the calls: reqwest, and the one error that its callers see.

use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::retry_after;

/// The limit on each blocking try of this tour.
const TRY_TIMEOUT: Duration = Duration::from_millis(500);

/// The outcome of every call of this tour.
pub(crate) type Page = Result<String, FetchError>;

/// One HTTP client for blocking and one for async callers. It knows nothing of retries.
pub(crate) struct Client {
    blocking: reqwest::blocking::Client,
    nonblocking: reqwest::Client,
}

impl Client {
    pub(crate) fn new() -> Result<Self, FetchError> {
        let blocking = reqwest::blocking::Client::builder().timeout(TRY_TIMEOUT).build()?;
        Ok(Self { blocking, nonblocking: reqwest::Client::new() })
    }

    /// Fetches the page at `url`.
    pub(crate) fn get(&self, url: &str) -> Page {
        let response = self.blocking.get(url).send()?;
        check(response.status(), response.headers())?;
        Ok(response.text()?)
    }

    /// Fetches the page at `url` without blocking the thread and without a timeout.
    pub(crate) async fn get_async(&self, url: &str) -> Page {
        let mut body = Vec::new();
        self.read(url, &mut body).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// Fetches the page into `body`, whose content it replaces.
    pub(crate) async fn read(&self, url: &str, body: &mut Vec<u8>) -> Result<(), FetchError> {
        body.clear();
        let mut response = self.nonblocking.get(url).send().await?;
        check(response.status(), response.headers())?;
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
        }
        Ok(())
    }
}

/// The reason why a page did not come.
#[derive(Debug)]
pub(crate) enum FetchError {
    /// The server refused, perhaps with a time to come back.
    Refused { status: StatusCode, retry_after: Option<Duration> },
    /// The answer took longer than a try may.
    TimedOut(Duration),
    /// The connection broke, or no answer came.
    Transport(reqwest::Error),
}

impl FetchError {
    /// Returns whether the failure is permanent: the request itself is wrong.
    pub(crate) fn is_permanent(&self) -> bool {
        match self {
            Self::Refused { status, .. } => {
                status.is_client_error() && *status != StatusCode::TOO_MANY_REQUESTS
            }
            Self::TimedOut(_) | Self::Transport(_) => false,
        }
    }

    /// The wait that the server asked for before the next request.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            Self::TimedOut(_) | Self::Transport(_) => None,
        }
    }
}

fn check(status: StatusCode, headers: &HeaderMap) -> Result<(), FetchError> {
    if status.is_success() {
        return Ok(());
    }
    let header = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = header.and_then(|text| retry_after::parse(text, SystemTime::now()));
    Err(FetchError::Refused { status, retry_after })
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() { Self::TimedOut(TRY_TIMEOUT) } else { Self::Transport(error) }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { status, .. } => write!(f, "{status}"),
            Self::TimedOut(limit) => write!(f, "no answer within {limit:?}"),
            Self::Transport(error) => write!(f, "{}", root_cause(error)),
        }
    }
}

impl Error for FetchError {}

fn root_cause<'e>(error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
    error.source().map_or(error, root_cause)
}
