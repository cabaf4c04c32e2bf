"""TelemetryRetry: a retry that reports to a metrics client of one's own (StatsD, Datadog, …)."""

from rebackoff import telemetry
from rebackoff.strategies import ExponentialBackoff, retry


class TelemetryRetry(telemetry.Exporter):
    """Runs targets by a strategy, and counts what became of their tries."""

    def __init__(self, strategy, *, metrics_client):
        self.strategy = strategy
        self.metrics = metrics_client

    def execute(self, target, *args, **kwargs):
        """Calls the target and retries it; with an `async def`, await it."""
        decorated = retry(self.strategy, **telemetry.handlers(self))(target)
        return decorated(*args, **kwargs)

    def on_backoff(self, record):
        tags = {"error_type": record.error, "attempt": record.tries}
        self.metrics.increment("retry.attempt", tags=tags)

    def on_giveup(self, record):
        tags = {
            "error_type": record.error,
            "total_attempts": record.tries,
            "duration_ms": round(record.elapsed * 1000),
            "reason": record.reason,
        }
        self.metrics.increment("retry.exhausted", tags=tags)


class PrintingClient:
    """Stands in for a client that sends its counts somewhere."""

    def increment(self, name, tags):
        shown = {key: value for key, value in tags.items() if key != "duration_ms"}
        print(f"{name:16} {shown}")


def fetch(failures):
    for failure in failures:
        raise failure
    return "page"


def main():
    strategy = ExponentialBackoff(max_attempts=3, initial_delay=0.01)
    retrying = TelemetryRetry(strategy, metrics_client=PrintingClient())
    print(retrying.execute(fetch, iter([ConnectionError(), TimeoutError()])))
    try:
        retrying.execute(fetch, iter([ConnectionError()] * 3))
    except ConnectionError as error:
        print("gave up:", repr(error))


if __name__ == "__main__":
    main()
