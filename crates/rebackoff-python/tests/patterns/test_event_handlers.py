"""Handlers: what those of the example learn about a call, the logger `backoff`, and metrics of a program's own."""

from __future__ import annotations

import logging

import event_handlers
import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram

pytestmark = pytest.mark.usefixtures("no_jitter")


def test_handlers_learn_target_arguments_tries_wait_and_traceback(waits, capsys):
    assert event_handlers.make_flaky(2)("shop") == "shop"
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("flaky('shop',) failed 1 times in ")
    assert told[0].endswith("s, waiting 0.02s")
    assert told[1].startswith("  raised in flaky, line ")
    assert told[4:] == ["succeeded on try 3"]
    assert waits == [0.02, 0.04]


def test_the_logger_backoff_tells_retries_at_info_and_giving_up_at_error(waits, caplog):
    caplog.set_level(logging.INFO, "backoff")
    with pytest.raises(ConnectionError):
        event_handlers.make_flaky(9).retry_with(max_tries=2)("bank")
    assert [(record.name, record.levelname, record.getMessage()) for record in caplog.records] == [
        ("backoff", "INFO", "Backing off flaky(...) for 0.0s (ConnectionError: bank is down)"),
        ("backoff", "ERROR", "Giving up flaky(...) after 2 tries (ConnectionError: bank is down)"),
    ]


def test_prometheus_counts_retries_give_ups_and_successes(waits):
    registry = CollectorRegistry()
    events = Counter("retry_events", "What became of tries", ["target", "event"], registry=registry)
    seconds = Histogram("retry_wait_seconds", "Waits", buckets=(1, 2, 4), registry=registry)

    def count(event):
        return lambda details: events.labels(details["target"].__name__, event).inc()

    def monitored(failures):
        return event_handlers.make_flaky(failures).retry_with(
            on_backoff=[count("retry"), lambda details: seconds.observe(details["wait"])],
            on_giveup=count("giveup"),
            on_success=count("success"),
        )

    assert monitored(2)("shop") == "shop"
    with pytest.raises(ConnectionError):
        monitored(9)("bank")

    def counted(event):
        return registry.get_sample_value("retry_events_total", {"target": "flaky", "event": event})

    assert (counted("retry"), counted("giveup"), counted("success")) == (4, 1, 1)
    assert registry.get_sample_value("retry_wait_seconds_sum") == pytest.approx(0.12)
