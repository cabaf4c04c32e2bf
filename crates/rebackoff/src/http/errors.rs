//! The errors of reqwest.

use std::error::Error;
use std::io;

use ::http::HeaderMap;
use rebackoff_core::Verdict;

use super::{Classifier, Failure};
use crate::late::TimedOut;

/// Classifies by the sources of the error:
///
/// | error | failure |
/// |---|---|
/// | `REFUSED_STREAM` or a `GOAWAY` without error of HTTP/2; a connection that closed before the first byte of the request | [`Unsent`](Self::Unsent) |
/// | name resolution, a refused, reset or broken connection, a body that breaks off | [`Connection`](Self::Connection) |
/// | a timeout | [`Timeout`](Self::Timeout) |
/// | a certificate, a TLS or HTTP version, a proxy's 407, an unsupported scheme, a redirect, a status ([`judge_error`](Classifier::judge_error) looks at it), a body that cannot be decoded | [`Other`](Self::Other) |
///
/// An error does not tell whether a redirect was followed before. One that no connection could be made is a
/// [`Connection`](Self::Connection) failure; `Unsent` is said of the last request, after the redirect.
impl From<&reqwest::Error> for Failure {
    fn from(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::Timeout;
        }
        if error.is_dns() {
            return Self::Connection;
        }
        match of_sources(error) {
            // The head of the response is there, so the server has looked at the request.
            Self::Unsent if error.is_body() || error.is_decode() => Self::Connection,
            failure => failure,
        }
    }
}

impl Classifier {
    /// The verdict on an error of reqwest: on the status of a response that `error_for_status` refused, else on the
    /// [`Failure`]. The error of a status has no headers, and so no hint.
    ///
    /// ```
    /// use rebackoff::http::Classifier;
    /// use rebackoff::prelude::*;
    ///
    /// static FETCH: Policy = policy!(expo(max_value = secs(30)), max_tries = 5, max_time = secs(60));
    /// static HTTP: Classifier = Classifier::new();
    ///
    /// async fn page(client: &reqwest::Client, url: &str) -> reqwest::Result<String> {
    ///     FETCH
    ///         .retry_async(|| async { client.get(url).send().await?.error_for_status()?.text().await })
    ///         .when(|error| HTTP.judge_error(error).wants_retry())
    ///         .await
    /// }
    ///
    /// let verdict = |status| {
    ///     let response = http::Response::builder().status(status).body("").unwrap();
    ///     let error = reqwest::Response::from(response).error_for_status().unwrap_err();
    ///     HTTP.judge_error(&error)
    /// };
    /// assert_eq!((verdict(503), verdict(404)), (Verdict::Retry, Verdict::GiveUp));
    /// ```
    pub fn judge_error(&self, error: &reqwest::Error) -> Verdict {
        let verdict = match error.status() {
            Some(status) => self.judge_response(status, &HeaderMap::new()),
            None => self.judge_failure(error.into()),
        };
        if verdict == Verdict::Accept { Verdict::GiveUp } else { verdict }
    }
}

/// The error of another middleware is [`Other`](Failure::Other); [`TimedOut`] is a timeout.
impl From<&reqwest_middleware::Error> for Failure {
    fn from(error: &reqwest_middleware::Error) -> Self {
        match error {
            reqwest_middleware::Error::Reqwest(error) => error.into(),
            reqwest_middleware::Error::Middleware(error) if error.is::<TimedOut>() => Self::Timeout,
            reqwest_middleware::Error::Middleware(_) => Self::Other,
        }
    }
}

fn of_sources(error: &reqwest::Error) -> Failure {
    let mut failure = Failure::Other;
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            return of_http2(error);
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            if error.is_canceled() {
                return Failure::Unsent;
            }
            if error.is_parse() || error.is_user() {
                return Failure::Other;
            }
            failure = Failure::Connection;
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            match error.kind() {
                // Another error in the clothes of this one.
                io::ErrorKind::Other => {}
                kind => return of_io(kind),
            }
        }
        if is_proxy_failure(error) {
            return Failure::Connection;
        }
        source = error.source();
    }
    failure
}

fn of_http2(error: &h2::Error) -> Failure {
    match error.reason() {
        Some(h2::Reason::REFUSED_STREAM) if error.is_reset() && error.is_remote() => {
            Failure::Unsent
        }
        Some(h2::Reason::NO_ERROR) if error.is_go_away() && error.is_remote() => Failure::Unsent,
        Some(h2::Reason::HTTP_1_1_REQUIRED) => Failure::Other,
        // The server does not speak HTTP/2.
        Some(h2::Reason::FRAME_SIZE_ERROR | h2::Reason::PROTOCOL_ERROR) if error.is_library() => {
            Failure::Other
        }
        _ => error.get_io().map_or(Failure::Connection, |error| of_io(error.kind())),
    }
}

/// TLS libraries report a bad certificate as invalid data.
const fn of_io(kind: io::ErrorKind) -> Failure {
    match kind {
        io::ErrorKind::InvalidData
        | io::ErrorKind::InvalidInput
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::Unsupported => Failure::Other,
        _ => Failure::Connection,
    }
}

/// Returns whether a proxy could not reach the server. The type of the error is private to hyper-util.
fn is_proxy_failure(error: &(dyn Error + 'static)) -> bool {
    let text = error.to_string();
    ["tunnel error: unsuccessful", "tunnel error: unexpected end of file"].contains(&&*text)
}
