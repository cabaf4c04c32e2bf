"""Logs, metrics and span events of retries, in the same words everywhere.

Every call of the program notifies an exporter:

    from rebackoff import telemetry
    from rebackoff.telemetry.prometheus import PrometheusExporter

    telemetry.instrument(PrometheusExporter())

or of the calls of one decorator:

    @rebackoff.on_exception(rebackoff.expo, ConnectionError, **telemetry.handlers(exporter))
    def fetch(url): ...

There are exporters for `logging`, OpenTelemetry, Prometheus and structlog, each in a module of its
own that is imported by name; the libraries are optional (`pip install "rebackoff[opentelemetry]"`,
`[prometheus]`, `[structlog]`). One of your own is a subclass of `Exporter`.

The metrics are `rebackoff.tries`, `rebackoff.retries`, `rebackoff.giveups` by reason,
`rebackoff.wait`, `rebackoff.breaker.state`, `rebackoff.budget.tokens` and `rebackoff.shared.degraded`; `METRICS`
describes them.
Until there is an exporter, a call that succeeds pays nothing for all this.
"""

from __future__ import annotations

from rebackoff.telemetry._exporter import Exporter, Handlers, handlers
from rebackoff.telemetry._global import instrument, uninstrument
from rebackoff.telemetry._guards import STATES, guards, unwatch, watch
from rebackoff.telemetry._metrics import METRICS, Metric
from rebackoff.telemetry._record import Record

__all__ = [
    "METRICS",
    "STATES",
    "Exporter",
    "Handlers",
    "Metric",
    "Record",
    "guards",
    "handlers",
    "instrument",
    "uninstrument",
    "unwatch",
    "watch",
]
