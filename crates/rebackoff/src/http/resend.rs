//! Requests that are sent again.

use ::http::{Extensions, Method};

/// How often a request was sent before, in its extensions when it is sent again; OpenTelemetry's
/// [`http.request.resend_count`][otel].
///
/// For what is between the retries and the wire, a span of each try for example. Nothing of it is
/// sent.
///
/// [otel]: https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResendCount(pub u64);

/// Tells that a request is about to be sent again.
pub(super) fn tell(extensions: &mut Extensions, method: &Method, resends: u64) {
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
