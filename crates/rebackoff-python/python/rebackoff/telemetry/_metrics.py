"""The metrics: one list, from which each exporter makes its instruments."""

from __future__ import annotations

from typing import NamedTuple


class Metric(NamedTuple):
    """A metric: its name, what it counts, and its labels.

    unit: the UCUM code that OpenTelemetry asks for; "s" is seconds, in braces is what is counted.
    """

    name: str
    kind: str
    unit: str
    labels: tuple[str, ...]
    description: str

    @property
    def prometheus(self) -> str:
        """The name in Prometheus: underscores for dots, then the unit, then `_total` of a counter.

        OpenTelemetry's exporters spell the names in the same way.
        """
        suffix = "_seconds" if self.unit == "s" else ""
        return self.name.replace(".", "_") + suffix + ("_total" if self.kind == "counter" else "")


TRIES = Metric(
    "rebackoff.tries", "counter", "{try}", ("target",), "Calls of targets, first tries included."
)
RETRIES = Metric(
    "rebackoff.retries", "counter", "{try}", ("target",), "Tries after the first of their call."
)
GIVEUPS = Metric(
    "rebackoff.giveups", "counter", "{call}", ("target", "reason"), "Calls that gave up, by reason."
)
WAIT = Metric("rebackoff.wait", "histogram", "s", ("target",), "Waits between two tries.")
BREAKER_STATE = Metric(
    "rebackoff.breaker.state",
    "gauge",
    "{state}",
    ("name", "scope"),
    "State of a breaker: 0 closed, 1 half-open, 2 open, 3 isolated.",
)
BUDGET_TOKENS = Metric(
    "rebackoff.budget.tokens",
    "gauge",
    "{token}",
    ("name", "scope"),
    "Tokens that are left in a budget.",
)
SHARED_DEGRADED = Metric(
    "rebackoff.shared.degraded",
    "gauge",
    "1",
    ("name", "scope"),
    "1 while a guard goes on without the store of its fleet.",
)

METRICS = (TRIES, RETRIES, GIVEUPS, WAIT, BREAKER_STATE, BUDGET_TOKENS, SHARED_DEGRADED)

# upper bounds of the histogram of waits, in seconds; the default ceiling of hints is 300
WAIT_BOUNDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
