//! The ready condition for HTTP.

use ::http::{HeaderMap, Method, StatusCode};
use rebackoff_core::{Cost, Health, Verdict};

use super::hint::should_retry;
use super::statuses::Statuses;
use super::{Failure, hint};

/// The ready condition for HTTP: it decides on the requests that may be sent again, and on the outcomes
/// after which they are.
///
/// | | by default | setter |
/// |---|---|---|
/// | statuses that are retried | 408, 425, 429, 500, 502, 503, 504 | [`retry_status`](Self::retry_status), [`accept_status`](Self::accept_status) |
/// | connection errors | retried | [`connection_errors`](Self::connection_errors) |
/// | timeouts | retried | [`timeouts`](Self::timeouts) |
/// | gRPC statuses that are retried | 14, `UNAVAILABLE` | [`retry_grpc_status`](Self::retry_grpc_status) |
/// | methods | the idempotent ones | [`any_method`](Self::any_method) |
/// | any other method | with the header `Idempotency-Key`, or where the request is known to be unsent | [`idempotency_key`](Self::idempotency_key) |
///
/// The statuses are those of a server, or of a proxy before it, that could not answer for the
/// moment: 408, 500, 502, 503, 504 of RFC 9110 (sections 15.5.9, 15.6.1, 15.6.3 to 15.6.5), 425 of
/// RFC 8470 (section 5.2), 429 of RFC 6585 (section 4). The [`hint`](super::hint)
/// of a response is a floor under the wait.
///
/// Idempotent methods are those whose second request does no more than the first (RFC 9110, section
/// 9.2.2): GET, HEAD, OPTIONS, TRACE, PUT, DELETE, and QUERY where the crate `http` knows it. A
/// failed try of any other request may have had its effect. Such a request is sent again only if the
/// failed try is known to be unsent ([`Failure::Unsent`]), or if the server recognises it by an idempotency key
/// ([draft-ietf-httpapi-idempotency-key-header][key]).
///
/// ```
/// use http::{HeaderMap, Method, StatusCode};
/// use rebackoff::http::{Classifier, Failure};
/// use rebackoff::{Verdict, secs};
///
/// static HTTP: Classifier = Classifier::new().retry_status(StatusCode::CONFLICT);
///
/// let mut headers = HeaderMap::new();
/// headers.insert("retry-after", "7".parse().unwrap());
/// assert_eq!(HTTP.judge_response(StatusCode::CONFLICT, &headers), Verdict::retry_after(secs(7)));
/// assert_eq!(HTTP.judge_response(StatusCode::NOT_FOUND, &headers), Verdict::Accept);
/// assert_eq!(HTTP.judge_failure(Failure::Connection), Verdict::Retry);
///
/// assert!(HTTP.may_resend(&Method::PUT, &HeaderMap::new()));
/// assert!(!HTTP.may_resend(&Method::POST, &HeaderMap::new()));
/// ```
///
/// [key]: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "each setter gives a new classifier"]
pub struct Classifier {
    statuses: Statuses,
    /// A bit for each code.
    grpc_statuses: u32,
    connection_errors: bool,
    timeouts: bool,
    any_method: bool,
    idempotency_key: &'static str,
}

/// gRPC's codes end at 16.
const GRPC_CODES: u8 = 32;
const GRPC_UNAVAILABLE: u8 = 14;

impl Classifier {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            statuses: Statuses::EMPTY
                .with(StatusCode::REQUEST_TIMEOUT)
                .with(StatusCode::TOO_EARLY)
                .with(StatusCode::TOO_MANY_REQUESTS)
                .with(StatusCode::INTERNAL_SERVER_ERROR)
                .with(StatusCode::BAD_GATEWAY)
                .with(StatusCode::SERVICE_UNAVAILABLE)
                .with(StatusCode::GATEWAY_TIMEOUT),
            grpc_statuses: 1 << GRPC_UNAVAILABLE,
            connection_errors: true,
            timeouts: true,
            any_method: false,
            idempotency_key: "idempotency-key",
        }
    }

    /// Retries after this status, too.
    pub const fn retry_status(mut self, status: StatusCode) -> Self {
        self.statuses = self.statuses.with(status);
        self
    }

    /// Accepts this status as an answer.
    pub const fn accept_status(mut self, status: StatusCode) -> Self {
        self.statuses = self.statuses.without(status);
        self
    }

    /// Retries after [`Failure::Unsent`] and [`Failure::Connection`], or not. Default `true`.
    pub const fn connection_errors(mut self, retried: bool) -> Self {
        self.connection_errors = retried;
        self
    }

    /// Retries after [`Failure::Timeout`], or not. Default `true`.
    pub const fn timeouts(mut self, retried: bool) -> Self {
        self.timeouts = retried;
        self
    }

    /// Retries after this gRPC status, too ([the codes][codes]). Every gRPC request is a POST, so
    /// that it also takes [`any_method`](Self::any_method). A code above 31, which gRPC does not
    /// have, changes nothing.
    ///
    /// [codes]: https://grpc.io/docs/guides/status-codes/
    pub const fn retry_grpc_status(mut self, code: u8) -> Self {
        if code < GRPC_CODES {
            self.grpc_statuses |= 1 << code;
        }
        self
    }

    /// Sends requests of every method again, where the server makes a second request harmless. Default
    /// `false`.
    pub const fn any_method(mut self, retried: bool) -> Self {
        self.any_method = retried;
        self
    }

    /// The header by which the server recognises a request that it had before. Default
    /// `idempotency-key`; upper and lower case are the same.
    pub const fn idempotency_key(mut self, header: &'static str) -> Self {
        self.idempotency_key = header;
        self
    }

    // Getters

    /// Returns whether a request of this method, with these headers, may be sent again although the server
    /// may have got it.
    pub fn may_resend(&self, method: &Method, headers: &HeaderMap) -> bool {
        self.any_method || method.is_idempotent() || headers.contains_key(self.idempotency_key)
    }

    /// The verdict on a response: to retry, not before its hint; or to accept it.
    ///
    /// A response other than a 2xx whose `x-should-retry` or `stripe-should-retry` is `true` is retried.
    /// A response with `grpc-status` among its headers has no trailers, and is judged by that.
    pub fn judge_response(&self, status: StatusCode, headers: &HeaderMap) -> Verdict {
        if headers.contains_key(GRPC_STATUS) {
            return self.judge_trailers(headers);
        }
        let ordered = !status.is_success() && should_retry(headers) == Some(true);
        retry_if(ordered || self.statuses.contains(status), headers)
    }

    /// The verdict on the trailers of a gRPC response, by their `grpc-status` and
    /// `grpc-retry-pushback-ms` ([gRFC A6]): a negative pushback stops.
    ///
    /// ```
    /// use http::HeaderMap;
    /// use rebackoff::Verdict;
    /// use rebackoff::http::Classifier;
    ///
    /// let mut trailers = HeaderMap::new();
    /// trailers.insert("grpc-status", "14".parse().unwrap());
    /// assert_eq!(Classifier::new().judge_trailers(&trailers), Verdict::Retry);
    ///
    /// trailers.insert("grpc-retry-pushback-ms", "-1".parse().unwrap());
    /// assert_eq!(Classifier::new().judge_trailers(&trailers), Verdict::Stop);
    /// ```
    ///
    /// [gRFC A6]: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
    pub fn judge_trailers(&self, trailers: &HeaderMap) -> Verdict {
        let text = trailers.get(GRPC_STATUS).and_then(|value| value.to_str().ok());
        let code = text.and_then(|text| text.trim().parse::<u8>().ok());
        let retried =
            code.is_some_and(|code| code < GRPC_CODES && self.grpc_statuses & (1 << code) != 0);
        retry_if(retried, trailers)
    }

    /// The health of the server that answered with this status, for a breaker; `None` where the verdict decides.
    ///
    /// | status | health |
    /// |---|---|
    /// | 425, 429 | neutral: the server asks this client to wait |
    /// | another 5xx than those that are retried by default, such as 501 | neutral: neither an answer nor an outage |
    ///
    /// A hook [`Counts`](crate::hooks::Counts) overrides it.
    pub const fn health(&self, status: StatusCode) -> Option<Health> {
        let neutral = match status.as_u16() {
            425 | 429 => true,
            code => {
                code >= 500
                    && !self.statuses.contains(status)
                    && !Self::new().statuses.contains(status)
            }
        };
        if neutral { Some(Health::Neutral) } else { None }
    }

    /// The cost of a retry after this status, for a budget that has prices; `None` for the usual one.
    pub const fn cost(&self, status: StatusCode) -> Option<Cost> {
        match status {
            StatusCode::TOO_MANY_REQUESTS => Some(Cost::Throttled),
            _ => None,
        }
    }

    /// The verdict on a request that got no response.
    pub const fn judge_failure(&self, failure: Failure) -> Verdict {
        let retried = match failure {
            Failure::Unsent | Failure::Connection => self.connection_errors,
            Failure::Timeout => self.timeouts,
            Failure::Other => false,
        };
        if retried { Verdict::Retry } else { Verdict::GiveUp }
    }
}

const GRPC_STATUS: &str = "grpc-status";

fn retry_if(retried: bool, headers: &HeaderMap) -> Verdict {
    if retried { hint(headers).into() } else { Verdict::Accept }
}

impl Default for Classifier {
    fn default() -> Self {
        Self::new()
    }
}
