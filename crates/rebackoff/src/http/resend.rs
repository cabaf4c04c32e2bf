//! Requests that are sent again.

use ::http::{Extensions, Method};

/// The number of times that a request was sent before, in the extensions of its retries;
/// OpenTelemetry's [`http.request.resend_count`][otel].
///
/// It serves parts between the retries and the wire, a span of each try for example, and is not sent.
///
/// [otel]: https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResendCount(pub u64);

/// Marks a request that is about to be sent again.
pub(super) fn mark(extensions: &mut Extensions, method: &Method, resends: u64) {
    extensions.insert(ResendCount(resends));
    #[cfg(feature = "tracing")]
    {
        tracing::Span::current().record("http.request.resend_count", resends);
        tracing::info!(
            target: "rebackoff",
            { http.request.method = method.as_str(), http.request.resend_count = resends },
            "sending again"
        );
    }
    #[cfg(not(feature = "tracing"))]
    let _ = method;
}
