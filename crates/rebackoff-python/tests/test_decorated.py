"""A decorated function passes arguments, errors and values through."""

from __future__ import annotations

import asyncio
import json

import pytest
import rebackoff


def decorated(target=lambda: 1, **options):
    return rebackoff.on_exception(rebackoff.expo, ValueError, **options)(target)


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


def test_attributes_of_the_target_are_kept():
    def target():
        return 5

    target.retry_with, target.tag = len, "mine"
    call = rebackoff.on_exception(rebackoff.expo, ValueError)(target)
    assert (call.retry_with, call.tag) == (len, "mine")
    again = rebackoff.on_exception(rebackoff.expo, ValueError, max_tries=2)(call)
    assert again.outcome().unwrap() == 5 and again.outcome is not call.outcome


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


@pytest.mark.parametrize("flood", [False, True], ids=["freed", "freed and taken by others"])
def test_a_borrowed_argument_lives_until_the_last_try(flood):
    """json lends `default` an item of the list, which the list drops during the try."""

    class Order:
        def __init__(self, number):
            self.number = number

    queue, spare, seen = [Order(1), Order(2)], [], []

    def is_refused(value):
        if flood:
            spare.extend(Order(-1) for _ in range(500))
        return value is None

    @rebackoff.on_predicate(
        rebackoff.constant(0), is_refused, max_tries=3, jitter=None, logger=None
    )
    def default(order):
        seen.append(order)
        del seen[:-1]
        number = order.number
        if queue:
            queue.clear()
            seen.clear()
            return None
        return number

    assert json.dumps(queue, default=default, check_circular=False) == "[1]"
