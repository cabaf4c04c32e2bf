"""Metrics of Prometheus's own client."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from rebackoff.telemetry import _metrics
from rebackoff.telemetry._exporter import Exporter
from rebackoff.telemetry._guards import breaker_states, budget_tokens, degraded
from rebackoff.telemetry._optional import missing
from rebackoff.telemetry._record import Record

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.registry import Collector
except ImportError as error:
    raise missing("prometheus_client", "prometheus", error) from error

__all__ = ["PrometheusExporter"]


class PrometheusExporter(Exporter):
    """Keeps `rebackoff_tries_total`, `rebackoff_retries_total`, `rebackoff_giveups_total` and `rebackoff_wait_seconds`.

    All have the label `target`, the give-ups also `reason`. Of what `telemetry.watch` was given it
    exports `rebackoff_breaker_state` (0 closed, 1 half-open, 2 open, 3 isolated) and `rebackoff_budget_tokens`, and of
    guards of a fleet `rebackoff_shared_degraded`, with the labels `name` and `scope`. In the client's multiprocess mode
    (`PROMETHEUS_MULTIPROC_DIR`), these are written at each event of a call.

    Args:
        registry: Where the metrics are registered, once. Default: the client's own.
        bounds: The upper bounds of the histogram of waits, in seconds. Default: 0.01 to 300.
    """

    def __init__(
        self,
        registry: CollectorRegistry = REGISTRY,
        *,
        bounds: Iterable[float] = _metrics.WAIT_BOUNDS,
    ) -> None:
        self._tries = _counter(_metrics.TRIES, registry)
        self._retries = _counter(_metrics.RETRIES, registry)
        self._giveups = _counter(_metrics.GIVEUPS, registry)
        wait = _metrics.WAIT
        self._wait = Histogram(
            wait.prometheus, wait.description, wait.labels, registry=registry, buckets=tuple(bounds)
        )
        self._shared = _SharedGuards(registry) if "PROMETHEUS_MULTIPROC_DIR" in os.environ else None
        if self._shared is None:
            registry.register(_Guards())

    def on_try(self, record: Record) -> None:
        self._tries.labels(record.target).inc()
        self._update()
        if record.tries > 1:
            self._retries.labels(record.target).inc()

    def on_backoff(self, record: Record) -> None:
        self._wait.labels(record.target).observe(record.wait or 0.0)
        self._update()

    def on_giveup(self, record: Record) -> None:
        self._giveups.labels(record.target, record.reason or "").inc()
        self._update()

    def on_success(self, record: Record) -> None:
        self._update()

    def _update(self) -> None:
        if self._shared is not None:
            self._shared.update()


class _SharedGuards:
    """The watched guards in the client's multiprocess mode, whose files only metrics of its own reach.

    The states of a breaker are the highest of the processes, the tokens of a budget their sum.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._gauges: list[tuple[Gauge, Callable[[], Any]]] = [
            (_gauge(_metrics.BREAKER_STATE, "livemax", registry), breaker_states),
            (_gauge(_metrics.BUDGET_TOKENS, "livesum", registry), budget_tokens),
            (_gauge(_metrics.SHARED_DEGRADED, "livemax", registry), degraded),
        ]

    def update(self) -> None:
        """Writes what is known now."""
        for gauge, read in self._gauges:
            for labels, value in read():
                gauge.labels(*labels).set(value)


class _Guards(Collector):
    """The watched breakers and budgets, read when the registry collects."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for metric, values in (
            (_metrics.BREAKER_STATE, breaker_states()),
            (_metrics.BUDGET_TOKENS, budget_tokens()),
            (_metrics.SHARED_DEGRADED, degraded()),
        ):
            gauge = GaugeMetricFamily(metric.prometheus, metric.description, labels=metric.labels)
            for labels, value in values:
                gauge.add_metric(labels, value)
            yield gauge


def _counter(metric: _metrics.Metric, registry: CollectorRegistry) -> Counter:
    return Counter(metric.prometheus, metric.description, metric.labels, registry=registry)


def _gauge(metric: _metrics.Metric, mode: Any, registry: CollectorRegistry) -> Gauge:
    return Gauge(
        metric.prometheus,
        metric.description,
        metric.labels,
        registry=registry,
        multiprocess_mode=mode,
    )
