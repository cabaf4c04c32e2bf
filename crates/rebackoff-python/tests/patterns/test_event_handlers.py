"""Handlers: logging, counting for a metrics system, and what they can learn about a call."""

from __future__ import annotations

import logging
import sys
import traceback

import pytest
import rebackoff
from prometheus_client import CollectorRegistry, Counter, Histogram


def failing(times, error=ConnectionError):
    """A target that raises a given number of times, and then returns its argument."""
    left = [times]

    def target(value="done"):
        if left[0] > 0:
            left[0] -= 1
            raise error(f"{left[0]} left")
        return value

    return target


def test_details_tell_target_arguments_tries_elapsed_wait_and_exception(waits):
    told = []
    target = failing(2)
    call = rebackoff.on_exception(
        rebackoff.expo, ConnectionError, jitter=None, on_backoff=told.append
    )(target)

    assert call(value="here") == "here"
    assert [details["tries"] for details in told] == [1, 2]
    assert [details["wait"] for details in told] == waits == [1, 2]
    for details in told:
        assert details["target"] is target
        assert details["args"] == ()
        assert details["kwargs"] == {"value": "here"}
        assert 0 <= details["elapsed"] < 5
        assert isinstance(details["exception"], ConnectionError)


def test_a_predicate_handler_is_told_the_value(waits):
    told = []
    values = iter(["pending", "done"])
    poll = rebackoff.on_predicate(
        rebackoff.constant, lambda value: value == "pending", jitter=None, on_backoff=told.append
    )(lambda: next(values))

    assert poll() == "done"
    assert [details["value"] for details in told] == ["pending"]


def test_several_handlers_are_called_in_order(waits):
    told = []
    call = rebackoff.on_exception(
        rebackoff.expo,
        ConnectionError,
        jitter=None,
        on_backoff=[lambda _: told.append("first"), lambda _: told.append("second")],
        on_success=(lambda _: told.append("success"),),
    )(failing(1))

    call()
    assert told == ["first", "second", "success"]


def test_handlers_run_inside_the_except_block(waits):
    seen = []

    def look(details):
        assert sys.exc_info()[1] is details["exception"]
        seen.append(traceback.format_exc())

    call = rebackoff.on_exception(
        rebackoff.expo, ConnectionError, max_tries=2, on_backoff=look, on_giveup=look
    )(failing(9))

    with pytest.raises(ConnectionError):
        call()
    assert len(seen) == 2
    assert all("ConnectionError" in text and "in target" in text for text in seen)


def test_handlers_log_to_a_logger_of_the_callers_own(waits, caplog):
    logger = logging.getLogger("shop.retries")

    def log_retry(details):
        logger.warning(
            "%s failed %d times, next try in %.1fs",
            details["target"].__name__, details["tries"], details["wait"],
        )  # fmt: skip

    def log_giveup(details):
        logger.error("%s gave up after %d tries", details["target"].__name__, details["tries"])

    call = rebackoff.on_exception(
        rebackoff.expo,
        Exception,
        max_tries=3,
        jitter=None,
        logger=None,
        on_backoff=log_retry,
        on_giveup=log_giveup,
    )(failing(9))

    with pytest.raises(ConnectionError):
        call()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "target failed 1 times, next try in 1.0s"),
        ("WARNING", "target failed 2 times, next try in 2.0s"),
        ("ERROR", "target gave up after 3 tries"),
    ]


def test_the_logger_backoff_tells_retries_at_info_and_giving_up_at_error(waits, caplog):
    caplog.set_level(logging.INFO, "backoff")
    call = rebackoff.on_exception(
        rebackoff.constant, ConnectionError, max_tries=2, interval=3, jitter=None
    )(failing(9))

    with pytest.raises(ConnectionError):
        call()
    assert [(record.name, record.levelname, record.getMessage()) for record in caplog.records] == [
        ("backoff", "INFO", "Backing off target(...) for 3.0s (ConnectionError: 8 left)"),
        ("backoff", "ERROR", "Giving up target(...) after 2 tries (ConnectionError: 7 left)"),
    ]


def test_prometheus_counts_retries_give_ups_and_successes(waits):
    registry = CollectorRegistry()
    events = Counter("retry_events", "What became of tries", ["target", "event"], registry=registry)
    seconds = Histogram("retry_wait_seconds", "Waits", buckets=(1, 2, 4), registry=registry)

    def count(event):
        return lambda details: events.labels(details["target"].__name__, event).inc()

    def monitored(target):
        return rebackoff.on_exception(
            rebackoff.expo,
            ConnectionError,
            max_tries=3,
            jitter=None,
            on_backoff=[count("retry"), lambda details: seconds.observe(details["wait"])],
            on_giveup=count("giveup"),
            on_success=count("success"),
        )(target)

    assert monitored(failing(2))() == "done"
    with pytest.raises(ConnectionError):
        monitored(failing(9))()

    def counted(event):
        return registry.get_sample_value("retry_events_total", {"target": "target", "event": event})

    assert (counted("retry"), counted("giveup"), counted("success")) == (4, 1, 1)
    assert registry.get_sample_value("retry_wait_seconds_sum") == 1 + 2 + 1 + 2
    assert registry.get_sample_value("retry_wait_seconds_bucket", {"le": "1.0"}) == 2
