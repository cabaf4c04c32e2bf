"""The accelerator changes nothing but the time that a call takes."""

from __future__ import annotations

import asyncio
import inspect
import sys

import pytest
import rebackoff
from rebackoff import _arities, _async
from rebackoff._native import accelerate


def is_fast(function):
    """Whether a call leaves out the function's own body: tracing sees no frame of it."""
    frames = []
    sys.settrace(lambda frame, event, argument: frames.append(frame.f_code.co_name))
    try:
        function()
    finally:
        sys.settrace(None)
    return "retry" not in frames


def decorated(target=lambda: 1, **options):
    return rebackoff.on_exception(rebackoff.expo, ValueError, **options)(target)


@pytest.mark.parametrize(
    "options",
    [{}, {"max_time": 60}, {"max_tries": lambda: 3}, {"on_success": lambda details: None}],
)
def test_it_is_on_from_cpython_3_12_and_can_be_switched_off(options, monkeypatch):
    monkeypatch.delenv("REBACKOFF_ACCELERATOR", raising=False)
    assert is_fast(decorated(**options)) == (sys.version_info >= (3, 12))
    monkeypatch.setenv("REBACKOFF_ACCELERATOR", "0")
    assert not is_fast(decorated(**options))


def test_coroutine_functions_have_a_body_for_each_small_number_of_arguments(monkeypatch, sleeps):
    failures = []

    async def fetch(*args, **kwargs):
        if len(failures) < 2:
            failures.append((args, kwargs))
            raise ValueError
        return args, kwargs

    async def run(call, *args, **kwargs):
        failures.clear()
        coroutine = call(*args, **kwargs)
        assert coroutine.__name__ == "fetch" and coroutine.__qualname__ == fetch.__qualname__
        is_packed = coroutine.cr_code.co_argcount != len(args) or bool(kwargs)
        assert await coroutine == (args, kwargs)
        assert failures == [(args, kwargs)] * 2
        return not is_packed

    for accelerator, most in (("1", 3 if sys.version_info >= (3, 12) else 0), ("0", 0)):
        monkeypatch.setenv("REBACKOFF_ACCELERATOR", accelerator)
        call = rebackoff.on_exception(rebackoff.expo, ValueError, max_tries=9)(fetch)
        for count in range(6):
            assert asyncio.run(run(call, *range(count))) == (count <= most)
        assert not asyncio.run(run(call, 1, key=2))


def test_each_of_these_bodies_does_what_the_body_for_all_arguments_does():
    body = inspect.getsource(_async.retry_exception).partition("async def")[2]
    source = _arities._SOURCE.format(names="*args, **kwargs").partition("async def")[2]
    packing = "            args, kwargs = (*args, **kwargs), {}\n"
    assert source.count(packing) == 1
    assert source.replace(packing, "") == body


def test_an_async_target_refuses_wrong_arguments_when_it_is_awaited():
    async def target(one):
        return one

    coroutine = decorated(target)()
    with pytest.raises(TypeError, match=r"target\(\) missing 1 required positional argument"):
        asyncio.run(coroutine)


@pytest.mark.parametrize("name", ["monotonic", "datetime"])
def test_a_clock_that_is_patched_later_is_seen(name, monkeypatch):
    import datetime

    seen = []
    call = decorated(on_success=lambda details: seen.append(details["elapsed"]))
    call()
    call()
    with monkeypatch.context() as patch:
        if name == "monotonic":
            patch.setattr("time.monotonic", iter(range(0, 1000, 7)).__next__)
        else:
            moments = iter(
                [datetime.datetime(2024, 1, 1, second=second) for second in range(0, 60, 7)]
            )
            patch.setattr("datetime.datetime", type("Moments", (), {"now": lambda: next(moments)}))
        call()
    call()
    assert seen[2] == 7 and max(seen[0], seen[1], seen[3]) < 1


def test_it_does_not_touch_functions_that_are_not_the_decorators():
    assert accelerate(lambda: 1, _run()) is False
    assert accelerate(len, _run()) is False


def _run():
    from rebackoff._options import Options

    options = dict.fromkeys(
        (
            "hint",
            "max_tries",
            "max_time",
            "jitter",
            "on_try",
            "on_success",
            "on_backoff",
            "on_giveup",
            "logger",
        )
    )
    return Options(
        ValueError,
        rebackoff.expo,
        {},
        last_wait="shorten",
        nested="allow",
        hint_ceiling=300,
        hint_above="give_up",
        hint_spread=None,
        budget=None,
        breaker=None,
        counts=None,
        backoff_log_level=20,
        giveup_log_level=40,
        **options,
    ).run(len, is_async=False)


def shown(*args, **kwargs):
    return args, kwargs


@pytest.mark.parametrize("options", [{}, {"on_try": lambda details: None}])
def test_arguments_arrive_as_they_were_given(options):
    call = decorated(shown, **options)
    assert call() == ((), {})
    assert call(1, 2, a=3) == ((1, 2), {"a": 3})
    assert call(*range(20), **{f"k{n}": n for n in range(20)}) == (
        tuple(range(20)),
        {f"k{n}": n for n in range(20)},
    )

    class Holder:
        method = call

    holder = Holder()
    assert holder.method(1, b=2) == ((holder, 1), {"b": 2})


def test_arguments_are_the_same_on_every_try(sleeps):
    seen = []

    def target(*args, **kwargs):
        seen.append((args, kwargs))
        if len(seen) < 3:
            raise ValueError

    decorated(target)(1, [], a="b")
    assert seen == [((1, []), {"a": "b"})] * 3
    assert seen[0][0][1] is seen[2][0][1]


def test_wrong_arguments_are_the_targets_to_refuse():
    def target(one):
        return one

    with pytest.raises(TypeError, match=r"target\(\) missing 1 required positional argument"):
        decorated(target)()


def test_nested_decorators_each_do_their_part(sleeps):
    errors = [ValueError(), KeyError(), None, "value"]

    @rebackoff.on_predicate(rebackoff.constant, interval=3, jitter=None)
    @rebackoff.on_exception(rebackoff.constant, KeyError, interval=2, jitter=None)
    @rebackoff.on_exception(rebackoff.constant, ValueError, interval=1, jitter=None)
    def target():
        outcome = errors.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert target() == "value"
    assert sleeps == [1, 2, 3]


def test_a_predicate_that_fails_comes_through(sleeps):
    def predicate(value):
        raise KeyError(value)

    with pytest.raises(KeyError):
        rebackoff.on_predicate(rebackoff.expo, predicate)(lambda: 5)()


def test_a_value_without_truth_is_an_error_of_the_predicate():
    class Undecided:
        def __bool__(self):
            raise RuntimeError("neither")

    with pytest.raises(RuntimeError, match="neither"):
        rebackoff.on_predicate(rebackoff.expo)(Undecided)()


def test_what_somebody_puts_into_the_closure_is_no_way_into_the_interpreter(sleeps):
    """Such a function fails as Python code does, or does as its body says."""

    def target(value):
        cell.cell_contents = None
        return value

    retried = rebackoff.on_exception(rebackoff.expo, ValueError)
    for odd in (None, len, [].append, retried(len).__call__, "another method"):
        decorated = retried(target)
        cell = decorated.__closure__[0]
        if odd == "another method":
            odd = cell.cell_contents.__self__.remaining_outside
        assert decorated(1) == 1  # whose entrance is gone in the midst of the call
        cell.cell_contents = odd
        assert decorated(2) == 2
        del cell.cell_contents
        assert decorated(3) == 3

    @retried
    async def coroutine(value):
        return value

    coroutine.__closure__[0].cell_contents = None
    assert asyncio.run(coroutine(4)) == 4
