"""The exporters, each with its own library."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.error

import pytest
import rebackoff
import rebackoff.presets
import structlog
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest
from rebackoff import telemetry
from rebackoff.telemetry.logging import LoggingExporter
from rebackoff.telemetry.opentelemetry import OpenTelemetryExporter
from rebackoff.telemetry.prometheus import PrometheusExporter
from rebackoff.telemetry.structlog import StructlogExporter

DASHBOARD = pathlib.Path(__file__).parents[3] / "docs" / "grafana" / "rebackoff.json"


def half_open():
    breaker = rebackoff.Breaker(open_for=0.001)
    breaker.force_open()
    while breaker.state == "open":
        pass
    return breaker


def of_a_fleet(url="redis://127.0.0.1:1/0"):
    """A breaker of a fleet that has no Redis. A process has one connection for each address."""
    return rebackoff.Breaker(name="bank", shared=url)


def half_spent():
    budget = rebackoff.Budget.quota(capacity=15)
    budget.withdraw()
    return budget


@pytest.fixture(autouse=True)
def quiet():
    yield
    telemetry.uninstrument()
    for name in telemetry.guards():
        telemetry.unwatch(name)


def calls(flaky):
    """A call that recovers on the third try, and one that gives up on the second."""

    def decorated(name, target, **options):
        def call():
            return target()

        call.__qualname__ = call.__name__ = name
        return rebackoff.on_exception(
            rebackoff.constant,
            (ValueError, urllib.error.URLError),
            interval=2,
            jitter=None,
            logger=None,
            **options,
        )(call)

    decorated("recovers", flaky(2))()
    stays_down = decorated("stays_down", flaky(9, urllib.error.URLError("down")), max_tries=2)
    with pytest.raises(urllib.error.URLError):
        stays_down()


def test_logging_has_the_fields_as_attributes(flaky, sleeps, caplog):
    telemetry.instrument(LoggingExporter())
    with caplog.at_level(logging.DEBUG, "rebackoff"):
        calls(flaky)
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert lines == [
        ("INFO", "test_exporters.recovers: try 1 failed, waiting 2 s: ValueError"),
        ("INFO", "test_exporters.recovers: try 2 failed, waiting 2 s: ValueError"),
        ("DEBUG", "test_exporters.recovers: succeeded on try 3"),
        (
            "INFO",
            "test_exporters.stays_down: try 1 of 2 failed, waiting 2 s: URLError: <urlopen error down>",
        ),
        (
            "ERROR",
            "test_exporters.stays_down: gave up after try 2 of 2, max_tries: URLError: <urlopen error down>",
        ),
    ]
    giveup = vars(caplog.records[-1])
    assert (giveup["tries"], giveup["reason"], giveup["error"]) == (
        2,
        "max_tries",
        "urllib.error.URLError",
    )


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("is_alone", [False, True])
def test_a_line_of_logging_has_the_most_tries_whatever_sets_them(
    sleeps, caplog, is_alone, is_async
):
    exporter = LoggingExporter()
    if not is_alone:
        telemetry.instrument(exporter)
    handlers = telemetry.handlers(exporter) if is_alone else {}
    three = rebackoff.Policy("constant", interval=0.25, jitter="none", max_tries=3)

    def fetch():
        raise OSError("two\r\nlines\u2028or three")

    async def fetch_async():
        raise OSError("two\r\nlines\u2028or three")

    for wait_gen, options in (
        (rebackoff.constant(0.25), {"max_tries": 3}),
        (rebackoff.constant(0.25), {"max_tries": lambda: 3}),
        (three, {}),
        (rebackoff.constant(9), {"policy_for": {OSError: three}}),
    ):
        caplog.clear()
        call = rebackoff.on_exception(
            wait_gen, OSError, jitter=None, name="shop", **options, **handlers
        )(fetch_async if is_async else fetch)
        with caplog.at_level(logging.INFO), pytest.raises(OSError):
            asyncio.run(call()) if is_async else call()
        assert caplog.messages == [
            "shop: try 1 of 3 failed, waiting 250 ms: OSError: two lines or three",
            "shop: try 2 of 3 failed, waiting 250 ms: OSError: two lines or three",
            "shop: gave up after try 3 of 3, max_tries: OSError: two lines or three",
        ]


def test_a_rejected_call_gave_up_before_its_first_try(caplog):
    breaker = rebackoff.Breaker(name="stock")
    breaker.isolate()
    call = rebackoff.on_exception(
        rebackoff.expo,
        OSError,
        breaker=breaker,
        name="shop",
        **telemetry.handlers(LoggingExporter()),
    )(print)
    with caplog.at_level(logging.INFO), pytest.raises(rebackoff.CircuitOpenError):
        call()
    assert caplog.messages == [
        "shop: gave up before the first try, breaker: CircuitOpenError: the circuit breaker is isolated"
    ]


def test_an_error_without_a_text_is_logged_all_the_same(flaky, sleeps, caplog):
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

        __repr__ = __str__

    with caplog.at_level(logging.INFO), pytest.raises(Mute):
        rebackoff.on_exception(
            rebackoff.constant(0), Mute, max_tries=1, **telemetry.handlers(LoggingExporter())
        )(flaky(9, Mute()))()
    assert caplog.messages[0].endswith("max_tries: Mute: which has no text")


def test_while_logging_is_instrumented_decorators_log_no_default_records(flaky, sleeps, caplog):
    target = rebackoff.on_exception(rebackoff.constant(1), ValueError, max_tries=2, name="orders")
    with caplog.at_level(logging.DEBUG):
        telemetry.instrument(LoggingExporter())
        with pytest.raises(ValueError):
            target(flaky(9))()
        telemetry.uninstrument()
        with pytest.raises(ValueError):
            target(flaky(9))()
        of_one = target(flaky(9)).retry_with(**telemetry.handlers(LoggingExporter()))
        with pytest.raises(ValueError):
            of_one()
    names = ["rebackoff"] * 2 + ["backoff"] * 2 + ["rebackoff"] * 2
    assert [record.name for record in caplog.records] == names
    assert caplog.records[0].target == "orders"


@pytest.mark.parametrize(
    ("wait", "text"), [(0.0123, "12.3 ms"), (0, "0 ms"), (2.5, "2.5 s"), (90.2, "1 min 30 s")]
)
def test_a_wait_is_logged_in_a_readable_unit(caplog, wait, text):
    record = telemetry.Record("backoff", "fetch", 1, 0.5, wait, None, OSError("down"))
    with caplog.at_level(logging.INFO, "rebackoff"):
        LoggingExporter().on_backoff(record)
    assert caplog.messages == [f"fetch: try 1 failed, waiting {text}: OSError: down"]


def test_watched_guards_of_each_key_are_exported():
    hosts = rebackoff.Keyed(rebackoff.Breaker)
    hosts["a"].force_open()
    named = rebackoff.Budget.per_second(capacity=5, name="retries")
    telemetry.watch("hosts", hosts)
    telemetry.watch(named)
    try:
        assert telemetry.guards() == {"hosts/a": hosts["a"], "retries": named}
    finally:
        telemetry.unwatch("hosts")
        telemetry.unwatch("retries")
    with pytest.raises(TypeError, match=r"watch\(\) needs a name"):
        telemetry.watch(rebackoff.Breaker())


def test_prometheus_shares_metrics_and_guards_of_several_processes(tmp_path):
    program = """
import os, rebackoff
from rebackoff import telemetry
from rebackoff.telemetry.prometheus import PrometheusExporter
telemetry.instrument(PrometheusExporter())
breaker = rebackoff.Breaker(consecutive=1, name="orders")
telemetry.watch(breaker)
@rebackoff.on_exception(rebackoff.constant(0), OSError, max_tries=1, breaker=breaker, logger=None)
def fetch(): raise OSError
try: fetch()
except OSError: pass
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
registry = CollectorRegistry()
MultiProcessCollector(registry)
print(generate_latest(registry).decode())
"""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for process in (1, 2):
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert f'rebackoff_tries_total{{target="__main__.fetch"}} {process}.0' in done.stdout
        assert 'rebackoff_breaker_state{name="orders",scope="process"} 2.0' in done.stdout


def test_logging_takes_another_logger_and_other_levels(flaky, sleeps, caplog):
    logger = logging.getLogger("of.the.program")
    telemetry.instrument(LoggingExporter(logger, backoff_level=logging.WARNING, giveup_level=50))
    calls(flaky)
    assert {(record.name, record.levelno) for record in caplog.records} == {
        ("of.the.program", 30),
        ("of.the.program", 50),
    }


def test_structlog_has_the_fields_as_keywords(flaky, sleeps):
    with structlog.testing.capture_logs() as logs:
        telemetry.instrument(StructlogExporter())
        calls(flaky)
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [
        ("rebackoff.backoff", "info"),
        ("rebackoff.backoff", "info"),
        ("rebackoff.success", "debug"),
        ("rebackoff.backoff", "info"),
        ("rebackoff.giveup", "error"),
    ]
    giveup = logs[-1]
    assert giveup.pop("elapsed") >= 0
    assert giveup == {
        "event": "rebackoff.giveup",
        "log_level": "error",
        "target": "test_exporters.stays_down",
        "tries": 2,
        "reason": "max_tries",
        "error": "urllib.error.URLError",
    }


def test_prometheus_counts(flaky, sleeps):
    registry = CollectorRegistry()
    telemetry.instrument(PrometheusExporter(registry))
    calls(flaky)
    recovers, stays_down = (
        {"target": f"test_exporters.{name}"} for name in ("recovers", "stays_down")
    )
    value = registry.get_sample_value
    assert value("rebackoff_tries_total", recovers) == 3
    assert value("rebackoff_tries_total", stays_down) == 2
    assert value("rebackoff_retries_total", recovers) == 2
    assert value("rebackoff_giveups_total", {**stays_down, "reason": "max_tries"}) == 1
    assert value("rebackoff_giveups_total", {**recovers, "reason": "max_tries"}) is None
    assert value("rebackoff_wait_seconds_sum", recovers) == 4
    assert value("rebackoff_wait_seconds_bucket", {**recovers, "le": "1.0"}) == 0
    assert value("rebackoff_wait_seconds_bucket", {**recovers, "le": "3.0"}) == 2


def test_prometheus_reads_guards_when_it_is_scraped():
    registry = CollectorRegistry()
    PrometheusExporter(registry)
    telemetry.watch("shop", half_open())
    telemetry.watch("retries", half_spent())
    telemetry.watch(of_a_fleet())

    def value(metric, name, scope="process"):
        return registry.get_sample_value(metric, {"name": name, "scope": scope})

    assert value("rebackoff_breaker_state", "shop") == 1
    assert value("rebackoff_budget_tokens", "retries") == 10
    assert value("rebackoff_breaker_state", "bank", "fleet") == 0
    assert value("rebackoff_shared_degraded", "bank", "fleet") == 0
    assert value("rebackoff_shared_degraded", "shop") is None
    telemetry.unwatch("shop")
    assert value("rebackoff_breaker_state", "shop") is None


def test_prometheus_shows_a_guard_that_goes_on_without_the_store_of_its_fleet():
    registry = CollectorRegistry()
    PrometheusExporter(registry)
    bank = of_a_fleet("redis://127.0.0.1:2/0")
    telemetry.watch(bank)
    bank.admit().settle("success")
    labels = {"name": "bank", "scope": "fleet"}
    deadline = time.monotonic() + 120
    while registry.get_sample_value("rebackoff_shared_degraded", labels) != 1:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def opentelemetry_values(reader):
    points = {}
    for resource in reader.get_metrics_data().resource_metrics:
        for scope in resource.scope_metrics:
            assert scope.scope.name == "rebackoff"
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    key = (metric.name, *sorted(point.attributes.items()))
                    points[key] = point.sum if hasattr(point, "sum") else point.value
    return points


def test_opentelemetry_counts(flaky, sleeps):
    reader = InMemoryMetricReader()
    telemetry.instrument(OpenTelemetryExporter(MeterProvider([reader]).get_meter("rebackoff")))
    telemetry.watch("shop", half_open())
    telemetry.watch("retries", half_spent())
    telemetry.watch(of_a_fleet())
    calls(flaky)
    recovers = ("target", "test_exporters.recovers")
    stays_down = ("target", "test_exporters.stays_down")
    assert opentelemetry_values(reader) == {
        ("rebackoff.tries", recovers): 3,
        ("rebackoff.tries", stays_down): 2,
        ("rebackoff.retries", recovers): 2,
        ("rebackoff.retries", stays_down): 1,
        ("rebackoff.giveups", ("reason", "max_tries"), stays_down): 1,
        ("rebackoff.wait", recovers): 4,
        ("rebackoff.wait", stays_down): 2,
        ("rebackoff.breaker.state", ("name", "shop"), ("scope", "process")): 1,
        ("rebackoff.breaker.state", ("name", "bank"), ("scope", "fleet")): 0,
        ("rebackoff.budget.tokens", ("name", "retries"), ("scope", "process")): 10,
        ("rebackoff.shared.degraded", ("name", "bank"), ("scope", "fleet")): 0,
    }


@pytest.fixture
def spans():
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("of the program").start_as_current_span("order"):
        yield lambda: (trace.get_current_span().end(), exporter.get_finished_spans())[1]


def test_opentelemetry_adds_events_to_the_current_span(flaky, sleeps, spans):
    meter = MeterProvider([InMemoryMetricReader()]).get_meter("rebackoff")
    telemetry.instrument(OpenTelemetryExporter(meter))
    calls(flaky)
    (span,) = spans()
    assert [event.name for event in span.events] == [
        "rebackoff.backoff",
        "rebackoff.backoff",
        "rebackoff.success",
        "rebackoff.backoff",
        "rebackoff.giveup",
    ]
    backoff, giveup = (dict(span.events[index].attributes) for index in (0, 4))
    assert backoff.pop("rebackoff.elapsed") >= 0
    assert backoff == {
        "rebackoff.target": "test_exporters.recovers",
        "rebackoff.tries": 1,
        "rebackoff.wait": 2,
        "error.type": "ValueError",
    }
    assert giveup["rebackoff.reason"] == "max_tries"
    assert giveup["http.request.resend_count"] == 1


def test_opentelemetry_leaves_spans_alone_when_told_so(flaky, sleeps, spans):
    meter = MeterProvider([InMemoryMetricReader()]).get_meter("rebackoff")
    telemetry.instrument(OpenTelemetryExporter(meter, span_events=False))
    calls(flaky)
    assert spans()[0].events == ()


def exported_names(flaky):
    """The names of the time series, as Prometheus would store them."""
    registry = CollectorRegistry()
    telemetry.instrument(PrometheusExporter(registry))
    telemetry.watch("shop", half_open())
    telemetry.watch("retries", half_spent())
    telemetry.watch(of_a_fleet())
    calls(flaky)
    lines = generate_latest(registry).decode().splitlines()
    return {re.split(r"[{ ]", line)[0] for line in lines if not line.startswith("#")}


def test_every_metric_is_exported_by_its_name(flaky, sleeps):
    exported = exported_names(flaky)
    for metric in telemetry.METRICS:
        suffix = "_count" if metric.kind == "histogram" else ""
        assert metric.prometheus + suffix in exported


def test_the_dashboard_asks_for_metrics_and_labels_that_are_exported(flaky, sleeps):
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    queries = [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())
    ]
    asked = set().union(*(re.findall(r"\brebackoff_\w+", query) for query in queries))
    assert asked <= exported_names(flaky)
    spoken_of = {name for name in asked for m in telemetry.METRICS if name.startswith(m.prometheus)}
    assert spoken_of == asked
    for metric in telemetry.METRICS:
        assert any(name.startswith(metric.prometheus) for name in asked), metric.name
    labels = set(re.findall(r'\b(\w+)=~?"', " ".join(queries)))
    grouped = re.findall(r"by \(([^)]*)\)", " ".join(queries))
    labels |= {label.strip() for group in grouped for label in group.split(",")} - {"le"}
    assert labels <= {"job", *(label for metric in telemetry.METRICS for label in metric.labels)}


@pytest.mark.parametrize("is_global", [True, False])
def test_presets_log_nothing_beside_the_exporter(sleeps, caplog, is_global):
    exporter = LoggingExporter("shop")
    options = {} if is_global else telemetry.handlers(exporter)

    @rebackoff.presets.http_retry(max_tries=2, factor=0, **options)
    def fetch():
        raise ConnectionError("two\nlines")

    if is_global:
        telemetry.instrument(exporter)
    try:
        with caplog.at_level(logging.INFO), pytest.raises(ConnectionError):
            fetch()
    finally:
        telemetry.uninstrument()
    assert [record.name for record in caplog.records] == ["shop", "shop"]
    assert all(record.getMessage().endswith("two lines") for record in caplog.records)


def test_presets_log_the_name_of_the_call(sleeps, caplog):
    @rebackoff.presets.http_retry(max_tries=2, factor=0, name="payments")
    def fetch():
        raise ConnectionError

    with pytest.raises(ConnectionError):
        fetch()
    texts = [record.getMessage() for record in caplog.records]
    assert len(texts) == 2 and all(text.startswith("payments ") for text in texts)


class TriesAlone:
    def on_try(self, record): ...


class Awaited(telemetry.Exporter):
    async def on_giveup(self, record): ...


@pytest.mark.parametrize("take", [telemetry.instrument, telemetry.handlers])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (LoggingExporter, r"did you mean LoggingExporter\(…\)\?"),
        (print, "an exporter must be an object of an Exporter class, but it is <built-in function print>"),
        (TriesAlone(), "an exporter must be an object of an Exporter class"),
        (Awaited(), "on_giveup is async, but no driver awaits it"),
    ],
)  # fmt: skip
def test_what_is_no_exporter_is_an_error_and_leaves_the_others_as_they_were(take, wrong, message):
    with pytest.raises(TypeError, match=message):
        take(telemetry.Exporter(), wrong)
    good = telemetry.Exporter()
    telemetry.instrument(good)
    telemetry.uninstrument(good)
