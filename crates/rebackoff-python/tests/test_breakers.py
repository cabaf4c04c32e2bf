"""Breakers, as calls of every kind ask them."""

from __future__ import annotations

import asyncio
import os
import pickle
import time
import types
import warnings

import pytest
import rebackoff
from call_kinds import (
    BY_ERROR,
    async_context,
    async_exception,
    async_generator,
    context,
    fail,
    flavours,
    generator,
    sync_exception,
)
from rebackoff import Breaker, Budget, CircuitOpenError, testing


@flavours
def test_an_open_breaker_rejects_at_the_door(flavour, flaky, clock):
    target, tries = flaky(0), []
    breaker = Breaker(open_for=10)
    breaker.force_open()
    clock.now += 4
    with pytest.raises(CircuitOpenError, match="next probe in 6s") as raised:
        flavour(target, breaker=breaker, on_try=tries.append)()
    assert raised.value.retry_in == 6
    assert (target.calls, tries, breaker.rejected) == (0, [], 1)


@flavours
def test_a_call_that_is_rejected_at_the_door_gives_up_after_no_try(flavour, flaky, clock, caplog):
    told, breaker = [], Breaker()
    breaker.isolate()
    call = flavour(flaky(0), breaker=breaker, on_giveup=told.append, logger="shop")
    with pytest.raises(CircuitOpenError) as raised:
        call()
    (details,) = told
    assert (details["tries"], details["reason"], details["elapsed"]) == (0, "breaker", 0)
    assert details["exception"] is raised.value
    assert "value" not in details and "wait" not in details
    (record,) = caplog.records
    assert "after 0 tries" in record.getMessage() and "isolated" in record.getMessage()
    with testing.disabled(), pytest.raises(CircuitOpenError):
        call()
    assert len(told) == 1


def test_an_async_handler_is_awaited_when_a_call_is_rejected_at_the_door(flaky, clock):
    told, breaker = [], Breaker()
    breaker.isolate()

    async def tell(details):
        await asyncio.sleep(0)
        told.append(details["tries"])

    with pytest.raises(CircuitOpenError):
        async_exception(flaky(0), breaker=breaker, on_giveup=[tell, tell])()
    assert told == [0, 0]


def test_a_handler_that_raises_at_the_door_has_its_way(flaky, clock):
    breaker = Breaker()
    breaker.isolate()

    def refuse(details):
        raise KeyError(details["reason"])

    with pytest.raises(KeyError, match="breaker"):
        sync_exception(flaky(0), breaker=breaker, on_giveup=refuse)()


@flavours
def test_a_call_gives_up_when_the_breaker_opens_for_longer_than_the_wait(flavour, flaky, clock):
    target, reasons = flaky(99), []
    breaker = Breaker(consecutive=3, open_for=10)
    call = flavour(
        target, breaker=breaker, on_giveup=lambda d: reasons.append((d["reason"], d["tries"]))
    )
    with pytest.raises(ValueError):
        call()
    assert (target.calls, reasons, breaker.state) == (3, [("breaker", 3)], "open")
    assert clock.waits == [1, 1]


@flavours
def test_a_wait_that_outlasts_the_breaker_is_worth_it(flavour, flaky, clock):
    target, breaker = flaky(2), Breaker(consecutive=2, open_for=5)
    assert flavour(target, breaker=breaker, interval=5)() == "done"
    assert (target.calls, breaker.state) == (3, "closed")


@flavours
def test_the_breaker_is_asked_again_after_the_wait(flavour, flaky, clock, monkeypatch):
    target, breaker, reasons = flaky(99), Breaker(), []
    told = {"on_giveup": lambda d: reasons.append((d["reason"], d["tries"]))}

    def isolate(details):
        # after the retry was decided, before its wait is over
        breaker.isolate()

    with pytest.raises(ValueError):
        flavour(target, breaker=breaker, on_backoff=isolate, **told)()
    assert (target.calls, reasons) == (1, [("breaker", 1)])


@pytest.mark.parametrize("flavour", BY_ERROR)
def test_what_giveup_gives_up_on_is_an_answer_of_the_target(flavour, clock):
    breaker = Breaker(consecutive=1)
    with pytest.raises(ValueError):
        flavour(fail, breaker=breaker, giveup=lambda error: True)()
    assert (breaker.state, breaker.failures) == ("closed", 0)


class Rejected(CircuitOpenError, ValueError):
    """A rejection that the flavours retry."""


def reject():
    raise Rejected


def fail_for_a_rejection():
    raise ValueError("no stock") from CircuitOpenError()


@pytest.mark.parametrize("reject", [reject, fail_for_a_rejection])
@pytest.mark.parametrize("options", [{}, {"giveup": lambda error: True}])
@pytest.mark.parametrize("flavour", BY_ERROR)
def test_a_rejection_inside_the_target_is_neutral_unless_the_caller_says_otherwise(
    flavour, options, reject, clock
):
    breaker = half_open(clock, consecutive=1)
    with pytest.raises(ValueError):
        flavour(reject, breaker=breaker, max_tries=1, **options)()
    assert breaker.state == "half_open"
    assert not is_rejected(breaker)
    with pytest.raises(ValueError), breaker.admit():
        reject()
    assert breaker.state == "half_open"
    with pytest.raises(ValueError):
        flavour(reject, breaker=breaker, max_tries=1, counts=lambda outcome: True, **options)()
    assert breaker.state == "open"


def test_calls_inside_each_other_that_share_a_breaker_leave_it_half_open(clock):
    breaker = half_open(clock)
    inner = rebackoff.on_exception(rebackoff.constant, ValueError, breaker=breaker)(fail)

    @rebackoff.on_exception(rebackoff.constant, OSError, breaker=breaker)
    def outer():
        inner()

    with pytest.raises(CircuitOpenError):
        outer()
    with pytest.raises(CircuitOpenError), breaker.admit():
        inner()
    assert breaker.state == "half_open"
    assert not is_rejected(breaker)


@flavours
def test_the_caller_says_what_counts(flavour, flaky, clock):
    breaker = Breaker(consecutive=1)
    assert flavour(flaky(3), breaker=breaker, counts=lambda outcome: None)() == "done"
    assert flavour(flaky(3), breaker=breaker, counts=lambda outcome: False)() == "done"
    assert breaker.failures == 0
    flavour(flaky(0), breaker=breaker, counts=lambda outcome: outcome == "done")()
    expected = 0 if flavour in (context, async_context, generator, async_generator) else 1
    assert breaker.failures == expected  # a block and a generator have no value


def test_counts_must_give_a_bool_or_none(flaky, clock):
    with pytest.raises(TypeError, match="counts must give True"):
        sync_exception(flaky(0), breaker=Breaker(), counts=lambda outcome: "failure")()


def half_open(clock, **options):
    breaker = Breaker(open_for=10, **options)
    breaker.force_open()
    clock.now += 10
    assert breaker.state == "half_open"
    return breaker


@flavours
def test_a_probe_closes_the_breaker(flavour, flaky, clock):
    breaker = half_open(clock)
    flavour(flaky(0), breaker=breaker)()
    assert breaker.state == "closed"


@flavours
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, asyncio.CancelledError, KeyError])
def test_a_probe_that_ends_otherwise_says_nothing_and_frees_its_place(flavour, error, clock):
    breaker = half_open(clock)

    def target():
        raise error

    with pytest.raises(error) as kept:
        flavour(target, breaker=breaker)()
    assert breaker.state == "half_open"
    breaker.admit().settle()  # the place is free, though the error keeps the frames
    assert (breaker.state, breaker.failures) == ("closed", 0)
    assert kept.value.__traceback__ is not None


def test_a_cancelled_probe_named_by_base_exception_says_nothing(clock):
    breaker = half_open(clock)

    @rebackoff.on_exception(rebackoff.expo, BaseException, breaker=breaker)
    def target():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        target()
    assert (breaker.state, breaker.failures) == ("half_open", 0)
    breaker.check()


def test_a_cancelled_task_frees_its_probe(clock):
    breaker = half_open(clock)

    @rebackoff.on_exception(rebackoff.expo, ValueError, breaker=breaker)
    async def hangs():
        await asyncio.Event().wait()

    async def main():
        task = asyncio.ensure_future(hangs())
        for _ in range(3):
            await asyncio.get_running_loop().run_in_executor(None, int)
        with pytest.raises(CircuitOpenError):
            breaker.check()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        breaker.check()

    asyncio.run(main())
    assert breaker.state == "half_open"


@flavours
def test_what_a_handler_raises_before_the_probe_frees_its_place(flavour, flaky, clock):
    breaker, target = half_open(clock), flaky(0)

    def broken(details):
        raise KeyError("handler")

    with pytest.raises(KeyError) as kept:
        flavour(target, breaker=breaker, on_try=broken)()
    breaker.check()
    assert (target.calls, breaker.state, breaker.failures) == (0, "half_open", 0)
    assert kept.value.__traceback__ is not None


@pytest.mark.parametrize("flavour", BY_ERROR)
def test_what_a_condition_raises_frees_the_place_of_the_probe(flavour, clock):
    breaker = half_open(clock)

    def broken(error):
        raise KeyError("condition")

    with pytest.raises(KeyError) as kept:
        flavour(fail, breaker=breaker, giveup=broken)()
    breaker.check()
    assert kept.value.__traceback__ is not None


@flavours
def test_what_counts_raises_frees_the_place_of_the_probe(flavour, flaky, clock):
    breaker = half_open(clock)

    def broken(outcome):
        raise KeyError("counts")

    for failures in (0, 1):
        with pytest.raises(KeyError) as kept:
            flavour(flaky(failures), breaker=breaker, counts=broken)()
        breaker.check()
        assert kept.value.__traceback__ is not None


def test_an_async_generator_that_is_closed_before_its_first_item_frees_its_probe(clock):
    breaker = half_open(clock)

    @rebackoff.on_exception(rebackoff.expo, ValueError, breaker=breaker)
    async def items():
        await hanging()
        yield 1

    closed_while_it_hangs(items().__anext__(), breaker)


def test_a_call_that_is_closed_in_an_async_handler_frees_its_probe(clock):
    breaker = half_open(clock)

    async def hang(details):
        await hanging()

    @rebackoff.on_exception(rebackoff.expo, ValueError, breaker=breaker, on_try=hang)
    async def target(): ...

    @rebackoff.on_exception(rebackoff.expo, ValueError, breaker=breaker, on_try=hang)
    async def items():
        yield 1

    async def block():
        async for attempt in rebackoff.aretry_context(
            ValueError, rebackoff.expo, breaker=breaker, on_try=hang
        ):
            with attempt:
                pass

    closed_while_it_hangs(target(), breaker)
    closed_while_it_hangs(items().__anext__(), breaker)
    closed_while_it_hangs(block(), breaker)


@types.coroutine
def hanging():
    yield


def closed_while_it_hangs(call, breaker):
    call.send(None)
    with pytest.raises(CircuitOpenError):
        breaker.check()
    with pytest.raises(asyncio.CancelledError):
        call.throw(asyncio.CancelledError)
    breaker.check()
    assert (breaker.state, breaker.failures) == ("half_open", 0)


def test_a_block_that_returns_is_a_success(clock):
    budget = Budget.quota(capacity=500, retry_cost=10)
    budget.withdraw()

    def block(breaker):
        for attempt in rebackoff.retry_context(
            ValueError, rebackoff.expo, breaker=breaker, budget=budget
        ):
            with attempt:
                return "done"

    async def async_block(breaker):
        async for attempt in rebackoff.aretry_context(
            ValueError, rebackoff.expo, breaker=breaker, budget=budget
        ):
            with attempt:
                return "done"

    for call in (block, lambda breaker: asyncio.run(async_block(breaker))):
        breaker = half_open(clock)
        assert call(breaker) == "done"
        assert breaker.state == "closed"
    assert budget.tokens == 492


@pytest.mark.parametrize("flavour", [context, async_context])
def test_the_success_of_a_block_counts_once(flavour, flaky, clock):
    budget, asked = Budget.quota(capacity=500, retry_cost=10), []
    budget.withdraw()
    flavour(flaky(0), budget=budget, breaker=Breaker(), counts=lambda value: asked.append(value))()
    assert (budget.tokens, asked) == (491, [None])


def test_a_probe_that_did_not_survive_a_fork_expires_in_the_child(clock):
    breaker = half_open(clock, probe_timeout=20)
    held = breaker.admit()
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        # as of a thread that is not here: its permit never comes back
        states = [is_rejected(breaker)]
        clock.now += 20
        states.append(is_rejected(breaker))
        os.write(write, repr(states).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert eval(os.read(read, 100)) == [True, False]
    os.close(read), os.close(write)
    held.settle()
    assert breaker.state == "closed"


def is_rejected(breaker):
    try:
        breaker.check()
    except CircuitOpenError:
        return True
    return False


def test_a_permit_that_is_dropped_frees_its_place(clock):
    breaker = half_open(clock)
    permit = breaker.admit()
    with pytest.raises(CircuitOpenError):
        breaker.admit()
    assert permit.is_probe
    del permit
    breaker.check()


def test_a_permit_is_a_context_manager(clock):
    breaker = Breaker(consecutive=1)
    with breaker.admit():
        pass
    with pytest.raises(KeyboardInterrupt), breaker.admit():
        raise KeyboardInterrupt
    assert breaker.state == "closed"
    with pytest.raises(ValueError), breaker.admit():
        raise ValueError
    assert breaker.state == "open"
    with pytest.raises(ValueError, match="health must be"):
        half_open(clock).admit().settle("well")


def test_half_open_admits_exactly_its_probes(clock):
    breaker = half_open(clock, probes=3)
    permits = [breaker.admit() for _ in range(3)]
    with pytest.raises(CircuitOpenError):
        breaker.admit()
    for permit in permits:
        permit.settle()
        permit.settle("failure")  # only the first word counts
    assert breaker.state == "closed"


def test_slow_calls_open_a_breaker(clock):
    breaker = Breaker(slow_rate=0.5, slow_after=2, min_calls=2, window_calls=10)

    def slow():
        clock.now += 3

    call = sync_exception(slow, breaker=breaker)
    call()
    call()
    assert breaker.state == "open"


def test_the_jitter_of_a_breaker_is_drawn_from_pythons_random(clock, monkeypatch):
    import random

    monkeypatch.setattr(random, "random", lambda: 0.5)
    breaker = Breaker(consecutive=1, open_for=8, jitter="equal")
    breaker.admit().settle("failure")
    with pytest.raises(CircuitOpenError) as raised:
        breaker.admit()
    assert raised.value.retry_in == 6


def test_a_dry_run_of_a_breaker_rejects_no_call(clock):
    breaker = Breaker(dry_run=True, consecutive=1)
    breaker.force_open()
    breaker.admit()
    assert (breaker.rejected, breaker.dry_run) == (1, True)


def test_isolating_and_resetting(clock):
    breaker = Breaker()
    breaker.isolate()
    with pytest.raises(CircuitOpenError, match="isolated") as raised:
        breaker.check()
    assert (breaker.state, raised.value.retry_in) == ("isolated", None)
    breaker.reset()
    assert (breaker.state, breaker.opened) == ("closed", 0)


def test_an_open_circuit_survives_pickling():
    error = pickle.loads(pickle.dumps(CircuitOpenError("open", 3.5)))
    assert (str(error), error.retry_in) == ("open", 3.5)


def test_a_patched_clock_that_raises_is_not_swallowed(monkeypatch):
    def broken():
        raise RuntimeError("no clock")

    budget = Budget.per_second()
    monkeypatch.setattr(time, "monotonic", broken)
    with pytest.raises(RuntimeError, match="no clock"):
        budget.withdraw()
