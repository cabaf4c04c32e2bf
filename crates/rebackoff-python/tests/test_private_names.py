"""The private names of backoff 2.2.1 and python-backoff 3.0.0, which programs import and call."""

from __future__ import annotations

import asyncio
import importlib
import json
import pathlib

import pytest
import rebackoff
from rebackoff import _async, _common, _decorator, _sync
from targets import awaited_nothing, flaky

pytestmark = pytest.mark.usefixtures("sleeps")

# the names of each module, read from the packages on PyPI
ORIGINALS = json.loads(
    pathlib.Path(__file__).with_name("original_names.json").read_text(encoding="utf-8")
)


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
    target, calls = flaky(2)
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
    assert call(7) == "ok" and calls == [((7,), {})] * 3 and call.__wrapped__ is target
    assert [details["tries"] for details in seen] == [1, 2, 3]


def test_the_private_loops_for_values_and_for_coroutines_work():
    options = {"max_tries": 3, "max_time": None, "jitter": None, "wait_gen_kwargs": {"interval": 0}}
    options |= {"on_success": [], "on_backoff": [], "on_giveup": []}
    values = iter([0, 0, 7])
    poll = _sync.retry_predicate(
        lambda: next(values), rebackoff.constant, lambda v: not v, **options
    )
    assert poll() == 7
    target, calls = flaky(2)

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


def test_a_private_loop_names_an_option_that_does_not_exist():
    with pytest.raises(TypeError, match="no option 'max_trys'"):
        _sync.retry_exception(print, rebackoff.expo, OSError, max_trys=3)


def test_the_private_contexts_give_attempts():
    target, calls = flaky(2)
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
