"""Private names of the originals that a program patches: calls use what it puts in their place."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import logging
import subprocess
import sys
import textwrap
import types
from unittest import mock

import pytest
import rebackoff
from rebackoff import _async, _common, _decorator, _sync
from targets import awaited_nothing, flaky

pytestmark = pytest.mark.usefixtures("sleeps")


def run(decorate, target, is_async=False):
    if not is_async:
        return decorate(target)()

    async def awaited():
        return target()

    return asyncio.run(decorate(awaited)())


modules = pytest.mark.parametrize("module", [_sync, _async], ids=["sync", "async"])


@pytest.mark.parametrize("name", ["expo", "fibo", "constant", "runtime", "decay"])
def test_a_strategy_works_while_a_program_has_put_its_own_in_its_place(name, sleeps):
    target, _ = flaky(1)
    options = {"value": lambda error: 1} if name == "runtime" else {}
    strategy = getattr(rebackoff, name)
    with mock.patch("rebackoff._wait_gen." + name):
        run(rebackoff.on_exception(strategy, OSError, jitter=None, **options), target)
        run(rebackoff.on_exception(strategy(**options), OSError), target)
        assert repr(strategy(**options)).startswith(name)
    assert sleeps == [1]


@modules
def test_a_patched_maybe_call_gives_every_option(module):
    target, calls = flaky(100)
    retry = rebackoff.on_exception(rebackoff.expo, OSError, max_tries=10, jitter=None)
    with mock.patch.object(module, "_maybe_call", side_effect=lambda value: 3):
        with pytest.raises(OSError):
            run(retry, target, module is _async)
    assert len(calls) == 3


@modules
def test_a_patched_init_wait_gen_gives_the_waits(module, sleeps):
    def waits(wait_gen, keywords):
        assert keywords == {"base": 5}
        return iter_sent([7, 8])

    target, calls = flaky(100)
    retry = rebackoff.on_exception(rebackoff.expo, OSError, base=5, jitter=None)
    with mock.patch.object(module, "_init_wait_gen", side_effect=waits):
        with pytest.raises(OSError):
            run(retry, target, module is _async)
    assert sleeps == [7, 8]


def iter_sent(waits):
    def generator():
        yield
        for wait in waits:
            yield wait

    made = generator()
    made.send(None)
    return made


@modules
def test_patched_functions_get_the_keywords_of_the_wait_generator_as_they_were_given(
    module, sleeps
):
    target, _ = flaky(100)
    strategies = [(rebackoff.expo, {}), (rebackoff.expo, {"factor": 2}), (rebackoff.expo(3), {})]
    gotten = [(rebackoff.expo, {}), (rebackoff.expo, {"factor": 2})]
    gotten.append((rebackoff.expo, {"base": 3, "factor": 1, "max_value": None}))
    for (strategy, keywords), parts in zip(strategies, gotten, strict=True):
        retry = rebackoff.on_exception(strategy, OSError, jitter=None, max_tries=2, **keywords)
        with mock.patch.object(module, "_init_wait_gen", wraps=_common._init_wait_gen) as init:
            with contextlib.suppress(OSError):
                run(retry, target, module is _async)
        assert init.call_args.args == parts
        with mock.patch.object(module, "retry_exception") as loop:
            retry(awaited_nothing if module is _async else target)
        assert (loop.call_args.args[1], loop.call_args.kwargs["wait_gen_kwargs"]) == parts


def test_a_patched_maybe_call_evaluates_no_parameter_that_was_not_given(sleeps):
    target, _ = flaky(100)
    retry = rebackoff.on_exception(rebackoff.expo, OSError, max_tries=4, jitter=None)
    with mock.patch.object(_common, "_maybe_call", side_effect=lambda value: 3):
        with pytest.raises(OSError):
            run(retry, target)
    assert sleeps == [1, 2, 4]


@modules
def test_a_patched_next_wait_gives_the_wait(module, sleeps):
    target, _ = flaky(1)
    with mock.patch.object(module, "_next_wait", return_value=9):
        run(rebackoff.on_exception(rebackoff.expo, OSError), target, module is _async)
    assert sleeps == [9]


@modules
def test_a_patched_call_handlers_gets_the_handlers_of_each_event(module):
    target, _ = flaky(1)
    events, handled = [], []
    original = module._call_handlers

    def spy(handlers, **details):
        events.append((len(handlers), sorted(details)))
        return original([], **details)

    retry = rebackoff.on_exception(
        rebackoff.expo,
        OSError,
        on_backoff=handled.append,
        on_success=handled.append,
        jitter=None,
    )
    with mock.patch.object(module, "_call_handlers", spy):
        run(retry, target, module is _async)
    base = ["args", "elapsed", "kwargs", "target", "tries"]
    # the handler that logs is one of those of a retry
    assert events == [(2, sorted([*base, "wait", "exception"])), (1, base)]
    assert handled == []


@modules
@pytest.mark.parametrize("failures", [0, 1])
def test_a_patched_call_handlers_is_called_for_every_event_and_for_nothing_else(module, failures):
    target, _ = flaky(failures)
    with mock.patch.object(module, "_call_handlers") as patched:
        run(rebackoff.on_exception(rebackoff.expo, OSError), target, module is _async)
    # without a handler of the program's own there is that which logs a wait, and none of a success
    assert [(name, len(args[0])) for name, args, _ in patched.mock_calls] == [
        *[("", 1)] * failures,
        ("", 0),
    ]


@modules
@pytest.mark.parametrize("of_context", [False, True], ids=["function", "context"])
def test_a_patched_call_handlers_may_call_the_original(module, of_context):
    target, _ = flaky(1)
    handled = []
    name = "_dispatch_handlers" if of_context else "_call_handlers"
    options = {"on_backoff": handled.append, "on_success": handled.append, "max_tries": 3}
    with mock.patch.object(module, name, wraps=getattr(module, name)) as spy:
        if of_context:
            run_context(target, module is _async, options)
        else:
            run(
                rebackoff.on_exception(rebackoff.expo, OSError, **options), target, module is _async
            )
    assert spy.call_count == 2
    assert [details["tries"] for details in handled] == [1, 2]


def run_context(target, is_async, options):
    async def in_async_context():
        async for attempt in rebackoff.aretry_context(OSError, **options):
            with attempt:
                target()

    if is_async:
        asyncio.run(in_async_context())
    else:
        for attempt in rebackoff.retry_context(OSError, **options):
            with attempt:
                target()


class Late:
    """A `datetime` whose third reading is two minutes later."""

    def __init__(self):
        self.read = 0

    def now(self):
        self.read += 1
        return datetime.datetime(2020, 1, 1) + datetime.timedelta(minutes=2 * (self.read > 2))


@modules
@pytest.mark.parametrize("how", ["namespace", "mock"])
def test_a_patched_datetime_ends_max_time(module, how):
    target, calls = flaky(100)
    late = Late()
    patched = types.SimpleNamespace(datetime=late)
    if how == "mock":
        patched = mock.MagicMock()
        patched.datetime.now.side_effect = late.now
    with mock.patch.object(module, "datetime", patched), pytest.raises(OSError):
        run(
            rebackoff.on_exception(rebackoff.expo, OSError, max_time=60),
            target,
            module is _async,
        )
    assert len(calls) == 2 and late.read == 3
    assert "datetime" not in vars(module)


def test_a_patch_that_left_the_original_module_in_place_has_no_effect(monkeypatch):
    target, calls = flaky(1)
    monkeypatch.setattr(_sync, "datetime", datetime)
    run(rebackoff.on_exception(rebackoff.expo, OSError, max_time=60), target)
    assert len(calls) == 2


@modules
def test_a_patched_loop_decorates(module):
    target, _ = flaky(100)
    with mock.patch.object(module, "retry_exception", return_value=lambda: "patched") as loop:
        target = awaited_nothing if module is _async else target
        decorated = rebackoff.on_exception(rebackoff.expo, OSError, max_tries=4)(target)
    assert decorated() == "patched"
    assert loop.call_args.args[1:] == (rebackoff.expo, OSError)
    assert loop.call_args.kwargs["max_tries"] == 4


@pytest.mark.parametrize("module", [_decorator, _common], ids=["_decorator", "_common"])
def test_patched_log_functions_log(module):
    target, _ = flaky(100)
    with (
        mock.patch.object(module, "_log_backoff") as backoff,
        mock.patch.object(module, "_log_giveup") as giveup,
        pytest.raises(OSError),
    ):
        run(rebackoff.on_exception(rebackoff.expo, OSError, max_tries=3), target)
    assert (backoff.call_count, giveup.call_count) == (2, 1)
    assert backoff.call_args.args[0]["tries"] == 2
    logger = logging.getLogger("backoff")
    assert backoff.call_args.kwargs == {"logger": logger, "log_level": logging.INFO}
    assert giveup.call_args.kwargs == {"logger": logger, "log_level": logging.ERROR}


@pytest.mark.parametrize("module", [_decorator, _common], ids=["_decorator", "_common"])
def test_patched_log_functions_log_for_contexts(module):
    with (
        mock.patch.object(module, "_log_backoff_context") as backoff,
        mock.patch.object(module, "_log_giveup_context") as giveup,
        pytest.raises(OSError),
    ):
        for attempt in rebackoff.retry_context(OSError, rebackoff.constant(0), max_tries=3):
            with attempt:
                raise OSError
    assert (backoff.call_count, giveup.call_count) == (2, 1)


def test_a_patched_prepare_logger_gives_the_logger():
    target, _ = flaky(100)
    logger = mock.Mock()
    with mock.patch.object(_decorator, "_prepare_logger", return_value=logger):
        with pytest.raises(OSError):
            run(rebackoff.on_exception(rebackoff.expo, OSError, max_tries=3), target)
    assert logger.log.call_count == 3


def test_functions_that_were_patched_at_decoration_log():
    target, _ = flaky(100)
    logger = mock.Mock()
    with (
        mock.patch.object(_decorator, "_prepare_logger", return_value=logger),
        mock.patch.object(_decorator, "_log_giveup") as giveup,
    ):
        call = rebackoff.on_exception(rebackoff.expo, OSError, max_tries=3)(target)
    with pytest.raises(OSError):
        call()
    assert (logger.log.call_count, giveup.call_count) == (2, 1)


@pytest.mark.parametrize("options", [{}, {"logger": "mine"}], ids=["default", "named"])
def test_a_get_logger_that_is_patched_for_a_call_changes_no_logger(options, caplog):
    target, _ = flaky(100)
    call = rebackoff.on_exception(rebackoff.expo, OSError, max_tries=2, **options)(target)
    caplog.set_level(logging.INFO, options.get("logger", "backoff"))
    for _ in range(2):
        with mock.patch("logging.getLogger") as get_logger, pytest.raises(OSError):
            call()
    assert get_logger.mock_calls == []
    assert len(caplog.records) == 4


def test_a_get_logger_that_was_patched_before_the_first_record_breaks_nothing():
    program = """
        import logging, unittest.mock as mock, rebackoff

        def fails():
            raise OSError("down")

        with mock.patch("logging.getLogger"):
            try:
                rebackoff.on_exception(rebackoff.constant(0), OSError, max_tries=2)(fails)()
            except OSError as error:
                print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    assert subprocess.run(command, capture_output=True, timeout=600).stdout.split() == [b"down"]


def test_a_patched_config_handlers_gives_the_handlers():
    target, _ = flaky(100)
    seen = []
    with mock.patch.object(_decorator, "_config_handlers", return_value=[seen.append]):
        retry = rebackoff.on_exception(rebackoff.expo, OSError, max_tries=3)(target)
    with pytest.raises(OSError):
        retry()
    assert [details["tries"] for details in seen] == [1, 2, 3]
