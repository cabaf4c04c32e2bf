"""Metrics: every call of the program is counted for Prometheus."""

import rebackoff
from prometheus_client import CollectorRegistry, generate_latest
from rebackoff import telemetry
from rebackoff.telemetry.prometheus import PrometheusExporter

failures = iter([ConnectionError(), ConnectionError()])


@rebackoff.on_exception(rebackoff.constant, ConnectionError, interval=0.02, max_tries=3)
def recovers():
    for failure in failures:
        raise failure


@rebackoff.on_exception(
    rebackoff.constant, ConnectionError, interval=0.02, max_tries=3, raise_on_giveup=False
)
def stays_down():
    raise ConnectionError


def main():
    registry = (
        CollectorRegistry()
    )  # leave it out, and the metrics are where prometheus_client's own are
    telemetry.instrument(PrometheusExporter(registry))
    recovers()
    stays_down()
    for line in generate_latest(registry).decode().splitlines():
        if line.startswith("rebackoff_") and "_bucket" not in line and "_created" not in line:
            print(line)


if __name__ == "__main__":
    main()
