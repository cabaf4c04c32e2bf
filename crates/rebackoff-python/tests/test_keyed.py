"""`Keyed`, and the names, states and snapshots of guards."""

from __future__ import annotations

import asyncio
import copy
import os
import pickle
import signal
import threading

import pytest
import rebackoff
from rebackoff import Breaker, Budget, Keyed


def test_iterating_ends_and_makes_no_guard():
    hosts = Keyed(Breaker, capacity=3)
    hosts["a"].force_open()
    hosts["b"]
    assert list(hosts) == hosts.keys() == ["a", "b"]
    assert hosts.values() == [hosts.get("a"), hosts.get("b")]
    assert hosts.items() == list(zip(hosts, hosts.values(), strict=True))
    assert [host for host, breaker in hosts.items() if breaker.state == "open"] == ["a"]
    assert hosts.get("c") is None and "c" not in hosts and len(hosts) == 2


def test_iterating_goes_on_while_other_threads_find_keys():
    hosts, is_over = Keyed(Breaker), threading.Event()

    def find():
        for key in range(2000):
            hosts[key]
        is_over.set()

    thread = threading.Thread(target=find)
    thread.start()
    while not is_over.is_set():
        list(hosts)
    thread.join()
    assert len(hosts.items()) == 1024


@pytest.mark.parametrize(
    "make",
    [
        lambda host: Breaker(name=host),
        lambda host, *, open_for=1: Breaker(name=host, open_for=open_for),
    ],
)
def test_make_may_take_the_key(make):
    assert Keyed(make)["a.example"].name == "a.example"


@pytest.mark.parametrize("make", [Breaker, Budget.per_second, lambda: Breaker()])
def test_make_may_take_nothing(make):
    assert Keyed(make)["a.example"].name is None


def test_make_may_ask_for_another_key():
    hosts = Keyed(lambda host: hosts["others"] if host == "a.example" else Breaker(name=host))
    found = []
    thread = threading.Thread(target=lambda: found.append(hosts["a.example"]), daemon=True)
    thread.start()
    thread.join(300)
    assert [breaker.name for breaker in found] == ["others"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_process_that_is_forked_while_a_thread_makes_a_guard_makes_its_own():
    is_making, is_over = threading.Event(), threading.Event()

    def make(host):
        if host == "slow":
            is_making.set()
            is_over.wait()
        return Breaker(name=host)

    hosts = Keyed(make)
    thread = threading.Thread(target=lambda: hosts["slow"])
    thread.start()
    is_making.wait()
    child = os.fork()
    if not child:
        signal.alarm(300)
        os._exit(hosts["b.example"].name != "b.example")
    is_over.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_what_makes_no_guard_is_an_error():
    with pytest.raises(TypeError, match="make must be a function of the key that returns a guard"):
        Keyed(Breaker())


async def awaited(*args):
    return Breaker()


def generator(*args):
    yield Breaker()


@pytest.mark.parametrize("function", [awaited, generator])
def test_a_function_that_would_not_run_is_an_error(function):
    with pytest.raises(TypeError, match="make must be a function of the key that returns a guard"):
        Keyed(function)
    with pytest.raises(TypeError, match="on_state_change must be a function .* not awaited"):
        Breaker(on_state_change=function)


@pytest.mark.parametrize(
    "guard",
    [
        Breaker(name="orders"),
        Budget.per_second(name="orders"),
        Budget.share(name="orders"),
        Budget.quota(name="orders"),
        Budget.throttle(name="orders"),
    ],
    ids=repr,
)
def test_a_guard_has_a_name_that_travels_with_it(guard):
    assert guard.name == "orders" and "'orders'" in repr(guard)
    assert copy.copy(guard).name == pickle.loads(pickle.dumps(guard)).name == "orders"
    assert guard.snapshot()["name"] == "orders"


def test_a_wrong_name_is_an_error():
    with pytest.raises(TypeError, match="name must be a text, but it is 5"):
        Breaker(name=5)


def test_a_snapshot_tells_the_state():
    breaker = Breaker(consecutive=1)
    breaker.admit().settle("failure")
    assert breaker.snapshot() == {
        "name": None,
        "state": "open",
        "failures": 1,
        "rejected": 0,
        "opened": 1,
        "dry_run": False,
    }
    budget = Budget.quota(capacity=17)
    assert budget.snapshot() == {
        "name": None,
        "kind": "quota",
        "tokens": 17,
        "refused": 0,
        "dry_run": False,
    }


def test_a_handler_hears_of_every_change_of_state():
    seen = []
    with rebackoff.testing.virtual_clock() as clock:
        breaker = Breaker(
            consecutive=1,
            open_for=10,
            on_state_change=lambda breaker, old, new: seen.append((old, new)),
        )

        @rebackoff.on_exception(
            rebackoff.constant(0), OSError, max_tries=1, breaker=breaker, logger=None
        )
        def fetch(is_up):
            if not is_up:
                raise OSError

        with pytest.raises(OSError):
            fetch(False)
        clock.advance(10)
        fetch(True)
        breaker.isolate()
        breaker.reset()
        breaker.reset()
    assert seen == [
        ("closed", "open"),
        ("open", "half_open"),
        ("half_open", "closed"),
        ("closed", "isolated"),
        ("isolated", "closed"),
    ]


@pytest.mark.parametrize("is_async", [False, True])
def test_an_error_of_the_handler_is_logged_and_replaces_no_error_of_the_target(caplog, is_async):
    def shout(breaker, old, new):
        raise KeyError(new)

    breaker = Breaker(consecutive=1, on_state_change=shout, name="stock")

    def fetch():
        raise OSError("down")

    async def fetch_async():
        raise OSError("down")

    call = rebackoff.on_exception(
        rebackoff.constant(0), OSError, max_tries=1, breaker=breaker, logger=None
    )(fetch_async if is_async else fetch)
    with pytest.raises(OSError, match="down"):
        asyncio.run(call()) if is_async else call()
    assert breaker.state == "open"
    breaker.isolate()
    breaker.reset()
    with breaker.admit():
        pass
    changes = [record.args[1:] for record in caplog.records]
    assert changes == [("closed", "open"), ("open", "isolated"), ("isolated", "closed")]
    assert all(record.exc_info[0] is KeyError for record in caplog.records)
    assert "on_state_change of the breaker 'stock' raised" in caplog.text


def test_a_wrong_handler_is_an_error():
    with pytest.raises(TypeError, match="on_state_change must be a function"):
        Breaker(on_state_change=5)
