"""Exporters receive records of every call, or of one decorator's."""

from __future__ import annotations

import asyncio
import functools
import importlib
import subprocess
import sys

import pytest
import rebackoff
from rebackoff import telemetry
from rebackoff.telemetry import Exporter, Record


class Recorder(Exporter):
    def __init__(self):
        self.records = []

    def on_try(self, record):
        self.records.append(record)

    on_backoff = on_giveup = on_success = on_try

    def events(self):
        return [(record.event, record.tries) for record in self.records]


@pytest.fixture
def recorder():
    recorder = Recorder()
    yield recorder
    telemetry.uninstrument()


def retry(**options):
    return rebackoff.on_exception(rebackoff.constant, ValueError, **options)


RECOVERED = [("try", 1), ("backoff", 1), ("try", 2), ("backoff", 2), ("try", 3), ("success", 3)]


def sync_exception(target, **options):
    return retry(**options)(target)


def sync_predicate(target, **options):
    def value():
        try:
            return target()
        except ValueError:
            return None

    return rebackoff.on_predicate(rebackoff.constant, **options)(value)


def async_exception(target, **options):
    async def call():
        return target()

    decorated = retry(**options)(call)
    return lambda: asyncio.run(decorated())


def async_predicate(target, **options):
    async def call():
        try:
            return target()
        except ValueError:
            return None

    decorated = rebackoff.on_predicate(rebackoff.constant, **options)(call)
    return lambda: asyncio.run(decorated())


def generator(target, **options):
    def items():
        yield target()

    decorated = retry(**options)(items)
    return lambda: next(decorated())


def context(target, **options):
    def call():
        for attempt in rebackoff.retry_context(ValueError, rebackoff.constant, **options):
            with attempt:
                target()

    return call


def async_context(target, **options):
    async def call():
        async for attempt in rebackoff.aretry_context(ValueError, rebackoff.constant, **options):
            with attempt:
                target()

    return lambda: asyncio.run(call())


FLAVOURS = [sync_exception, sync_predicate, async_exception, async_predicate, generator]
ALL = [*FLAVOURS, context, async_context]


@pytest.mark.parametrize("timed", [{}, {"max_time": 60}], ids=["untimed", "timed"])
@pytest.mark.parametrize("flavour", ALL)
def test_an_exporter_is_told_of_functions_decorated_before_it_came(
    flavour, timed, flaky, sleeps, recorder
):
    call = flavour(flaky(2), **timed)
    telemetry.instrument(recorder)
    call()
    assert recorder.events() == RECOVERED


@pytest.mark.parametrize("flavour", ALL)
def test_an_exporter_is_told_of_functions_decorated_after_it_came(flavour, flaky, sleeps, recorder):
    telemetry.instrument(recorder)
    flavour(flaky(2))()
    assert recorder.events() == RECOVERED


@pytest.mark.parametrize("flavour", ALL)
def test_an_exporter_is_told_of_a_success_at_once(flavour, flaky, recorder):
    call = flavour(flaky(0))
    telemetry.instrument(recorder)
    call()
    assert recorder.events() == [("try", 1), ("success", 1)]


@pytest.mark.parametrize("flavour", ALL)
def test_an_exporter_is_told_of_a_call_that_a_breaker_rejects_at_the_door(flavour, flaky, recorder):
    breaker = rebackoff.Breaker()
    breaker.isolate()
    call = flavour(flaky(0), breaker=breaker)
    telemetry.instrument(recorder)
    with pytest.raises(rebackoff.CircuitOpenError) as raised:
        call()
    (record,) = recorder.records
    assert (record.event, record.tries, record.reason) == ("giveup", 0, "breaker")
    assert record.outcome is raised.value


@pytest.mark.parametrize("flavour", ALL)
def test_an_exporter_of_one_decorator_sees_the_name_and_the_limit_of_a_success_at_once(flavour):
    seen = []

    class Successes(Exporter):
        def on_success(self, record):
            seen.append((record.target, record.max_tries))

    flavour(lambda: 7, name="orders", max_tries=4, **telemetry.handlers(Successes()))()
    assert seen == [("orders", 4)]


@pytest.mark.parametrize("flavour", ALL)
def test_an_exporter_that_went_is_told_nothing(flavour, flaky, sleeps, recorder):
    telemetry.instrument(recorder)
    call = flavour(flaky(1))
    telemetry.uninstrument(recorder)
    call()
    assert recorder.records == []


@pytest.mark.parametrize("flavour", ALL)
def test_one_decorator_can_be_exported_alone(flavour, flaky, sleeps, recorder):
    call = flavour(flaky(2), **telemetry.handlers(recorder))
    flavour(flaky(2))()
    call()
    assert recorder.events() == RECOVERED


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_handlers_of_the_decorator_are_told_before_the_exporters_and_after_they_went(
    flavour, flaky, sleeps, recorder
):
    tries = []
    call = flavour(flaky(1), on_success=lambda details: tries.append(details["tries"]))
    telemetry.instrument(recorder)
    telemetry.uninstrument()
    call()
    assert tries == [2]
    assert recorder.records == []


def test_a_giveup_tells_its_reason(flaky, sleeps, recorder):
    telemetry.instrument(recorder)
    target = flaky(9, ConnectionError("lost"))
    call = rebackoff.on_exception(
        rebackoff.constant, ConnectionError, interval=2, jitter=None, max_tries=2
    )(target)
    with pytest.raises(ConnectionError):
        call()
    backoff, giveup = recorder.records[1], recorder.records[-1]
    assert (backoff.wait, backoff.reason) == (2, None)
    assert (giveup.wait, giveup.reason) == (None, "max_tries")
    assert giveup.outcome is target.error


def test_a_try_that_raises_something_else_is_counted(recorder):
    @retry()
    def fails():
        raise KeyError

    telemetry.instrument(recorder)
    with pytest.raises(KeyError):
        fails()
    assert recorder.events() == [("try", 1)]


def test_the_time_is_told_though_the_decorator_needs_none(flaky, monkeypatch, recorder):
    import time

    clock = iter(range(100, 200, 10))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    call = retry()(flaky(1))
    telemetry.instrument(recorder)
    call()
    assert [record.elapsed for record in recorder.records] == [0, 10, 10, 20]


def test_an_exporter_that_fails_does_not_fail_the_call(flaky, sleeps, recorder, monkeypatch):
    class Broken(Exporter):
        def on_backoff(self, record):
            raise RuntimeError("no connection to the collector")

    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: told.append(what.exc_value))
    telemetry.instrument(Broken(), recorder)
    assert retry()(flaky(1))() == "done"
    assert [str(error) for error in told] == ["no connection to the collector"]
    assert len(recorder.records) == 4


def test_an_exporter_that_fails_as_a_handler_fails_the_call(flaky, sleeps):
    class Broken(Exporter):
        def on_backoff(self, record):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        retry(**telemetry.handlers(Broken()))(flaky(1))()


def test_an_exporter_is_told_once_however_often_it_is_added(flaky, recorder):
    telemetry.instrument(recorder)
    telemetry.instrument(recorder, recorder)
    retry()(flaky(0))()
    assert len(recorder.records) == 2


def test_each_exporter_goes_alone(flaky, recorder):
    other = Recorder()
    telemetry.instrument(recorder, other)
    telemetry.uninstrument(other)
    retry()(flaky(0))()
    assert (len(recorder.records), len(other.records)) == (2, 0)


class Fetcher:
    @retry()
    def fetch(self):
        return "page"


def test_a_record_names_its_target(recorder):
    telemetry.instrument(recorder)
    Fetcher().fetch()
    retry()(functools.partial(int, "1"))()
    next(iter(rebackoff.retry_context(ValueError)))
    names = [record.target for record in recorder.records if record.event == "try"]
    assert names == [f"{__name__}.Fetcher.fetch", "functools.int", "retry_context"]


def test_successes_of_functions_that_share_a_decorator_have_their_own_targets():
    class Successes(Exporter):
        def __init__(self):
            self.targets = []

        def on_success(self, record):
            self.targets.append(record.target.rpartition(".")[2])

    def first():
        pass

    def second():
        pass

    decorate = retry()
    functions = decorate(first), decorate(second)
    successes = Successes()
    telemetry.instrument(successes)
    try:
        for function in (*functions, *functions):
            function()
    finally:
        telemetry.uninstrument()
    assert successes.targets == ["first", "second", "first", "second"]


def test_a_record_has_the_fields_that_are_known():
    class Lost(Exception): ...

    details = {"target": len, "tries": 2, "elapsed": 1.5, "wait": 0.5, "exception": OSError()}
    assert Record.of("backoff", details).fields() == {
        "target": "builtins.len",
        "tries": 2,
        "elapsed": 1.5,
        "wait": 0.5,
        "error": "OSError",
    }
    lost = Record.of("giveup", {"tries": 1, "elapsed": 0, "exception": Lost(), "reason": "giveup"})
    assert lost.fields() == {
        "target": "retry_context",
        "tries": 1,
        "elapsed": 0,
        "reason": "giveup",
        "error": f"{__name__}.test_a_record_has_the_fields_that_are_known.<locals>.Lost",
    }


def test_how_often_a_request_was_sent_again_is_known_where_it_is_http():
    import urllib.error

    lost = urllib.error.URLError("down")
    assert Record("backoff", "fetch", 3, 0, outcome=lost).resend_count == 2
    assert Record("backoff", "fetch", 1, 0, outcome=lost).resend_count is None
    assert Record("backoff", "fetch", 3, 0, outcome=OSError()).resend_count is None


def test_importing_rebackoff_imports_no_telemetry():
    look = "import sys, rebackoff; sys.exit('rebackoff.telemetry' in sys.modules)"
    subprocess.run([sys.executable, "-c", look], check=True)


@pytest.mark.parametrize(
    ("exporter", "library"),
    [
        ("opentelemetry", "opentelemetry"),
        ("prometheus", "prometheus_client"),
        ("structlog", "structlog"),
    ],
)
def test_without_its_library_an_exporter_says_what_to_install(exporter, library, monkeypatch):
    module = f"rebackoff.telemetry.{exporter}"
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=rf'pip install "rebackoff\[{exporter}\]"'):
        importlib.import_module(module)
