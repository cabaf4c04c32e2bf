"""Metrics and span events of OpenTelemetry."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rebackoff import __version__
from rebackoff.telemetry import _metrics
from rebackoff.telemetry._exporter import Exporter
from rebackoff.telemetry._guards import Reading, breaker_states, budget_tokens, degraded
from rebackoff.telemetry._optional import missing
from rebackoff.telemetry._record import Record

try:
    from opentelemetry import trace
    from opentelemetry.metrics import CallbackOptions, Counter, Meter, Observation, get_meter
except ImportError as error:
    raise missing("opentelemetry-api", "opentelemetry", error) from error

__all__ = ["OpenTelemetryExporter"]


class OpenTelemetryExporter(Exporter):
    """Keeps the metrics, and adds an event to the span that is current when a call waits or gives up.

    The metrics are `rebackoff.tries`, `rebackoff.retries`, `rebackoff.giveups` and `rebackoff.wait`
    (seconds), with the attribute `target`, the give-ups also with `reason`; and of what
    `telemetry.watch` was given, `rebackoff.breaker.state`, `rebackoff.budget.tokens` and, of guards of a
    fleet, `rebackoff.shared.degraded`, with the attributes `name` and `scope`.

    The span events are `rebackoff.backoff` and `rebackoff.giveup`, and after retries
    `rebackoff.success`. Their attributes are `rebackoff.target`, `rebackoff.tries`,
    `rebackoff.elapsed`, `rebackoff.wait`, `rebackoff.reason`, `error.type`, and
    `http.request.resend_count` where the outcome is of an HTTP library.

    Args:
        meter: The meter. Default: the global provider's, of the name `rebackoff`.
        span_events: Whether to add events to spans. Default: yes.
    """

    def __init__(self, meter: Meter | None = None, *, span_events: bool = True) -> None:
        meter = get_meter("rebackoff", __version__) if meter is None else meter
        self._span_events = span_events
        self._tries = _counter(meter, _metrics.TRIES)
        self._retries = _counter(meter, _metrics.RETRIES)
        self._giveups = _counter(meter, _metrics.GIVEUPS)
        wait = _metrics.WAIT
        self._wait = meter.create_histogram(
            wait.name,
            wait.unit,
            wait.description,
            explicit_bucket_boundaries_advisory=_metrics.WAIT_BOUNDS,
        )
        _gauge(meter, _metrics.BREAKER_STATE, breaker_states)
        _gauge(meter, _metrics.BUDGET_TOKENS, budget_tokens)
        _gauge(meter, _metrics.SHARED_DEGRADED, degraded)

    def on_try(self, record: Record) -> None:
        attributes = {"target": record.target}
        self._tries.add(1, attributes)
        if record.tries > 1:
            self._retries.add(1, attributes)

    def on_backoff(self, record: Record) -> None:
        self._wait.record(record.wait or 0.0, {"target": record.target})
        self._add_event(record)

    def on_giveup(self, record: Record) -> None:
        self._giveups.add(1, {"target": record.target, "reason": record.reason or ""})
        self._add_event(record)

    def on_success(self, record: Record) -> None:
        if record.tries > 1:
            self._add_event(record)

    def _add_event(self, record: Record) -> None:
        if not self._span_events:
            return
        span = trace.get_current_span()
        if not span.is_recording():
            return
        attributes = {
            "error.type" if name == "error" else f"rebackoff.{name}": value
            for name, value in record.fields().items()
        }
        resend_count = record.resend_count
        if resend_count is not None:
            attributes["http.request.resend_count"] = resend_count
        span.add_event(f"rebackoff.{record.event}", attributes)


def _counter(meter: Meter, metric: _metrics.Metric) -> Counter:
    return meter.create_counter(metric.name, metric.unit, metric.description)


def _gauge(meter: Meter, metric: _metrics.Metric, read: Callable[[], Iterable[Reading]]) -> None:
    def observe(_: CallbackOptions) -> list[Observation]:
        return [
            Observation(value, dict(zip(metric.labels, labels, strict=True)))
            for labels, value in read()
        ]

    meter.create_observable_gauge(metric.name, [observe], metric.unit, metric.description)
