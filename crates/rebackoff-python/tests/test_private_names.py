"""The private names of backoff 2.2.1 and python-backoff 3.0.0, which programs import, call and patch."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import importlib
import json
import logging
import pathlib
import subprocess
import sys
import textwrap
import types
from unittest import mock

import pytest
import rebackoff
from rebackoff import _async, _common, _decorator, _sync

# the names of each module, read from the packages on PyPI
ORIGINALS = json.loads(
    pathlib.Path(__file__).with_name("original_names.json").read_text(encoding="utf-8")
)


def failing(times=100):
    calls = []

    def target(*args):
        calls.append(args)
        if len(calls) <= times:
            raise OSError("down")
        return "ok"

    return target, calls


@pytest.fixture(autouse=True)
def sleeps(monkeypatch):
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)

    async def sleep(wait):
        slept.append(wait)

    monkeypatch.setattr("asyncio.sleep", sleep)
    return slept


@pytest.mark.parametrize(
    ("version", "module"),
    [(version, module) for version, names in ORIGINALS.items() for module in names],
)
def test_every_name_of_a_module_of_the_originals_is_found(version, module):
    ours = importlib.import_module("rebackoff" + module)
    missing = [name for name in ORIGINALS[version][module] if not hasattr(ours, name)]
    assert missing == []


def test_a_name_that_no_original_has_is_an_error():
    for module in (_sync, _async, _common, _decorator):
        with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
            module.nonsense  # noqa: B018


@pytest.mark.parametrize("extra", [{}, {"on_try": []}], ids=["2.2.1", "3.0.0"])
def test_the_private_retry_loops_work_with_the_public_options(extra):
    target, calls = failing(2)
    seen = []
    call = _sync.retry_exception(
        target,
        rebackoff.constant,
        OSError,
        max_tries=5,
        max_time=None,
        jitter=None,
        giveup=lambda error: False,
        on_success=[seen.append],
        on_backoff=[seen.append],
        on_giveup=[],
        raise_on_giveup=True,
        wait_gen_kwargs={"interval": 0},
        **extra,
    )
    assert call(7) == "ok" and calls == [(7,)] * 3 and call.__wrapped__ is target
    assert [details["tries"] for details in seen] == [1, 2, 3]


def test_the_private_loops_for_values_and_for_coroutines_work():
    options = {"max_tries": 3, "max_time": None, "jitter": None, "wait_gen_kwargs": {"interval": 0}}
    options |= {"on_success": [], "on_backoff": [], "on_giveup": []}
    values = iter([0, 0, 7])
    poll = _sync.retry_predicate(
        lambda: next(values), rebackoff.constant, lambda v: not v, **options
    )
    assert poll() == 7
    target, calls = failing(2)

    async def fetch():
        return target()

    more = {"giveup": lambda error: False, "raise_on_giveup": True}
    fetch = _async.retry_exception(fetch, rebackoff.constant, OSError, **options, **more)
    assert asyncio.run(fetch()) == "ok" and len(calls) == 3


@pytest.mark.parametrize("module", [_sync, _async], ids=["_sync", "_async"])
def test_the_private_loops_take_their_parameters_by_the_names_of_the_originals(module):
    exception = module.retry_exception(
        target=awaited_nothing, wait_gen=rebackoff.expo, exception=OSError, wait_gen_kwargs={}
    )
    predicate = module.retry_predicate(
        target=awaited_nothing, wait_gen=rebackoff.expo, predicate=callable, wait_gen_kwargs={}
    )
    assert asyncio.run(exception()) is asyncio.run(predicate()) is None


@pytest.mark.parametrize("name", ["expo", "fibo", "constant", "runtime", "decay"])
def test_a_strategy_works_while_a_program_has_put_its_own_in_its_place(name, sleeps):
    target, _ = failing(1)
    options = {"value": lambda error: 1} if name == "runtime" else {}
    strategy = getattr(rebackoff, name)
    with mock.patch("rebackoff._wait_gen." + name):
        run(rebackoff.on_exception(strategy, OSError, jitter=None, **options), target)
        run(rebackoff.on_exception(strategy(**options), OSError), target)
        assert repr(strategy(**options)).startswith(name)
    assert sleeps == [1]


def test_a_private_loop_names_an_option_that_does_not_exist():
    with pytest.raises(TypeError, match="no option 'max_trys'"):
        _sync.retry_exception(print, rebackoff.expo, OSError, max_trys=3)


def test_the_private_contexts_give_attempts():
    target, calls = failing(2)
    for attempt in _sync.retry_context(
        OSError, rebackoff.constant, max_tries=3, jitter=None, wait_gen_kwargs={"interval": 0}
    ):
        with attempt:
            target()
    assert len(calls) == 3


def test_handlers_are_called_as_in_the_originals():
    seen = []
    details = {"target": print, "args": (), "kwargs": {}, "tries": 1, "elapsed": 0.5}
    _sync._call_handlers([seen.append], **details, wait=2)
    asyncio.run(_async._call_handlers(_async._ensure_coroutines([seen.append]), **details, wait=2))
    assert seen == [{**details, "wait": 2}] * 2


def test_next_wait_adds_what_a_jitter_without_parameters_gives():
    wait = _common._init_wait_gen(rebackoff.constant, {"interval": 2})
    with pytest.warns(DeprecationWarning, match="Nullary jitter function signature"):
        assert _common._next_wait(wait, None, lambda: 0.5, 0, None) == 2.5
    with pytest.raises(TypeError, match="'str'"):
        _common._next_wait(wait, None, lambda seconds: seconds + "x", 0, None)


def test_a_retry_state_counts_tries():
    state = _common._RetryState(rebackoff.constant, {"interval": 3}, max_tries=2, max_time=2)
    state.start_attempt()
    assert not state.exhausted() and state.next_wait(None, None) == 2
    state.start_attempt()
    assert state.exhausted() and state.record_elapsed() >= 0


# Patches


def run(decorate, target, is_async=False):
    if not is_async:
        return decorate(target)()

    async def awaited():
        return target()

    return asyncio.run(decorate(awaited)())


modules = pytest.mark.parametrize("module", [_sync, _async], ids=["sync", "async"])


@modules
def test_a_patched_maybe_call_gives_every_option(module):
    target, calls = failing()
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

    target, calls = failing()
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
    target, _ = failing()
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
    target, _ = failing()
    retry = rebackoff.on_exception(rebackoff.expo, OSError, max_tries=4, jitter=None)
    with mock.patch.object(_common, "_maybe_call", side_effect=lambda value: 3):
        with pytest.raises(OSError):
            run(retry, target)
    assert sleeps == [1, 2, 4]


@modules
def test_a_patched_next_wait_gives_the_wait(module, sleeps):
    target, _ = failing(1)
    with mock.patch.object(module, "_next_wait", return_value=9):
        run(rebackoff.on_exception(rebackoff.expo, OSError), target, module is _async)
    assert sleeps == [9]


@modules
def test_a_patched_call_handlers_gets_the_handlers_of_each_event(module):
    target, _ = failing(1)
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
    target, _ = failing(failures)
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
    target, _ = failing(1)
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
    target, calls = failing()
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
    target, calls = failing(1)
    monkeypatch.setattr(_sync, "datetime", datetime)
    run(rebackoff.on_exception(rebackoff.expo, OSError, max_time=60), target)
    assert len(calls) == 2


@modules
def test_a_patched_loop_decorates(module):
    target, _ = failing()
    with mock.patch.object(module, "retry_exception", return_value=lambda: "patched") as loop:
        target = awaited_nothing if module is _async else target
        decorated = rebackoff.on_exception(rebackoff.expo, OSError, max_tries=4)(target)
    assert decorated() == "patched"
    assert loop.call_args.args[1:] == (rebackoff.expo, OSError)
    assert loop.call_args.kwargs["max_tries"] == 4


async def awaited_nothing():
    pass


@pytest.mark.parametrize("module", [_decorator, _common], ids=["_decorator", "_common"])
def test_patched_log_functions_log(module):
    target, _ = failing()
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
    target, _ = failing()
    logger = mock.Mock()
    with mock.patch.object(_decorator, "_prepare_logger", return_value=logger):
        with pytest.raises(OSError):
            run(rebackoff.on_exception(rebackoff.expo, OSError, max_tries=3), target)
    assert logger.log.call_count == 3


def test_functions_that_were_patched_at_decoration_log():
    target, _ = failing()
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
    target, _ = failing()
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
    target, _ = failing()
    seen = []
    with mock.patch.object(_decorator, "_config_handlers", return_value=[seen.append]):
        retry = rebackoff.on_exception(rebackoff.expo, OSError, max_tries=3)(target)
    with pytest.raises(OSError):
        retry()
    assert [details["tries"] for details in seen] == [1, 2, 3]
