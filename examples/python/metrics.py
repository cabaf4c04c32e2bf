"""Metrics: handlers that count retries and give-ups for Prometheus."""

import rebackoff
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

registry = CollectorRegistry()
events = Counter("retry_events", "What became of tries", ["target", "event"], registry=registry)
wait_seconds = Histogram(
    "retry_wait_seconds", "Waits between tries", ["target"], buckets=(0.01, 0.1), registry=registry
)


def count(event):
    return lambda details: events.labels(details["target"].__name__, event).inc()


def measure_wait(details):
    wait_seconds.labels(details["target"].__name__).observe(details["wait"])


def monitored(wait_gen, exception, **options):
    """`on_exception`, with handlers that count."""
    return rebackoff.on_exception(
        wait_gen,
        exception,
        on_backoff=[count("retry"), measure_wait],
        on_giveup=count("giveup"),
        on_success=count("success"),
        **options,
    )


failures = iter([ConnectionError(), ConnectionError()])


@monitored(rebackoff.constant, ConnectionError, interval=0.02, max_tries=3)
def recovers():
    for failure in failures:
        raise failure


@monitored(rebackoff.constant, ConnectionError, interval=0.02, max_tries=3, raise_on_giveup=False)
def stays_down():
    raise ConnectionError


def main():
    recovers()
    stays_down()
    for line in generate_latest(registry).decode().splitlines():
        if line.startswith(("retry_events_total", "retry_wait_seconds_count")):
            print(line)


if __name__ == "__main__":
    main()
