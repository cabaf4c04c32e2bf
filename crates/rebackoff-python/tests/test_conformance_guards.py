"""Budgets and breakers answer what the vectors in `conformance/guards` say, alone and inside whole calls."""

from __future__ import annotations

import asyncio
import json
import pathlib
import random
import time

import pytest
import rebackoff
from rebackoff import Breaker, Budget, CircuitOpenError

VECTORS = pathlib.Path(__file__).resolve().parents[3] / "conformance" / "guards"


def cases(file, takes=lambda case: True):
    vectors = list(filter(takes, json.loads((VECTORS / file).read_text())))
    return pytest.mark.parametrize("case", vectors, ids=[case["name"] for case in vectors])


@pytest.fixture
def clock(monkeypatch):
    """A monotonic clock that stands where the case puts it."""

    class Clock:
        now = 0.0

    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    return clock


@cases("budgets.json")
def test_budgets_answer_what_the_vectors_say(case, clock):
    budget = budget_of(**case["budget"])
    withdrawals = {}
    for event in case["events"]:
        clock.now = event["at"]
        for _ in range(event.get("repeat", 1)):
            happen_to_budget(budget, event, withdrawals)
        assert budget.tokens == pytest.approx(event["tokens"], abs=1e-6), event
    assert {"refused": budget.refused} == case["counts"]


def budget_of(kind, **parameters):
    return getattr(Budget, kind)(**parameters)


def happen_to_budget(budget, event, withdrawals):
    match event["event"]:
        case "start":
            budget.handle_start()
        case "failure":
            budget.handle_failure()
        case "success":
            last = event.get("last")
            budget.handle_success(None if last is None else withdrawals[last])
        case "refund":
            budget.refund(withdrawals.pop(event["of"]))
        case "withdraw":
            withdrawal = budget.withdraw(**{event["cost"]: True} if "cost" in event else {})
            assert (withdrawal is not None) == event["allowed"], event
            if "as" in event:
                withdrawals[event["as"]] = withdrawal
        case unknown:
            pytest.fail(f"an unknown event: {unknown}")


@cases("breakers.json")
def test_breakers_answer_what_the_vectors_say(case, clock, monkeypatch):
    draws = iter(case.get("draws", ()))
    monkeypatch.setattr(random, "random", lambda: next(draws))
    stage = Stage(Breaker(**case["breaker"]), clock)
    for event in case["events"]:
        clock.now = event["at"]
        for _ in range(event.get("repeat", 1)):
            stage.happen(event)
        assert stage.breaker.state == event["state"], event
    breaker = stage.breaker
    counts = {
        "opened": breaker.opened,
        "rejected": breaker.rejected,
        "failures": breaker.failures,
    }
    assert counts == case["counts"]
    assert list(draws) == []


class Stage:
    """A breaker, its clock, and the permits that are out."""

    def __init__(self, breaker, clock):
        self.breaker, self.clock = breaker, clock
        self.permits = {}

    def happen(self, event):
        match event["event"]:
            case "admit":
                permit = self.admit(event)
                if permit is not None:
                    self.permits[event["as"]] = permit
            case "settle":
                self.permits.pop(event["permit"]).settle(event["health"])
            case "call":
                permit = self.admit(event)
                self.clock.now += event.get("takes", 0)
                if permit is not None:
                    permit.settle(event["health"])
            case "check":
                assert self.answer(self.breaker.check, event) == event["answer"], event
            case "force_open" | "isolate" | "reset" as said:
                getattr(self.breaker, said)()
            case unknown:
                pytest.fail(f"an unknown event: {unknown}")

    def admit(self, event):
        permits = []
        answer = self.answer(lambda: permits.append(self.breaker.admit()), event)
        if permits and permits[0].is_probe:
            answer = "probe"
        assert answer == event["answer"], event
        return permits[0] if permits else None

    def answer(self, ask, event):
        try:
            ask()
        except CircuitOpenError as error:
            if error.retry_in is None:
                return "isolated"
            assert error.retry_in == pytest.approx(event["retry_in"], abs=1e-6), event
            return "open"
        return "admitted"


def has_one_of_each(case):
    """A call takes one budget and one breaker here."""
    return max(len(case["budgets"]), len(case["breakers"])) <= 1


@cases("calls.json", has_one_of_each)
def test_blocking_calls_take_the_steps_of_the_vectors(case, clock, monkeypatch):
    calls = Calls(case, clock)
    monkeypatch.setattr(time, "sleep", calls.sleep)
    calls.play(lambda decorate: decorate(calls.target)())


@cases("calls.json", has_one_of_each)
def test_async_calls_take_the_steps_of_the_vectors(case, clock, monkeypatch):
    calls = Calls(case, clock)

    async def sleep(seconds):
        calls.sleep(seconds)

    async def target():
        return calls.target()

    monkeypatch.setattr(asyncio, "sleep", sleep)
    calls.play(lambda decorate: asyncio.run(decorate(target)()))


class Down(Exception):
    """A try fails."""


class Timeout(Down):
    """A try fails by its timeout."""


class ThrottlingError(Down):
    """A try fails because the server throttles."""


class Abandoned(BaseException):
    """A call is cut off."""


class Calls:
    """The guards of a case, and the steps and outcomes of its current call."""

    def __init__(self, case, clock):
        self.case, self.clock = case, clock
        self.budgets = [budget_of(**options) for options in case["budgets"]]
        self.breakers = [Breaker(**options) for options in case["breakers"]]

    def play(self, run):
        for call in self.case["calls"]:
            self.clock.now = call["at"]
            self.happen(call.get("before", ()))
            self.outcomes, self.tries, self.steps = call.get("outcomes", []), 0, []
            try:
                run(self.decorator())
            except (Abandoned, CircuitOpenError):
                pass
            assert self.steps == call.get("steps", []), call
            tokens = [budget.tokens for budget in self.budgets]
            assert tokens == pytest.approx(call.get("tokens", []), abs=1e-6), call
            assert [breaker.state for breaker in self.breakers] == call.get("states", []), call
        counts = {
            name: [getattr(breaker, name) for breaker in self.breakers]
            for name in ("opened", "rejected", "failures")
        }
        counts["refused"] = [budget.refused for budget in self.budgets]
        assert counts == self.case["counts"]

    def decorator(self):
        policy = dict(self.case["policy"])
        strategy = getattr(rebackoff, policy.pop("wait"))
        assert policy.pop("jitter") == "none"
        guards = {"counts": self.counts} if self.breakers else {}
        guards |= {"budget": self.budgets[0]} if self.budgets else {}
        guards |= {"breaker": self.breakers[0]} if self.breakers else {}
        return rebackoff.on_exception(
            strategy,
            (Down, CircuitOpenError),
            giveup=lambda _: self.outcome["verdict"] == "give_up",
            hint=lambda _: float("-inf") if self.outcome["verdict"] == "stop" else None,
            raise_on_giveup=False,
            jitter=None,
            logger=None,
            on_try=self.on_try,
            on_backoff=self.on_backoff,
            on_giveup=self.take_down("give_up"),
            on_success=self.take_down("accept"),
            **policy,
            **guards,
        )

    @property
    def outcome(self):
        return self.outcomes[self.tries - 1]

    def target(self):
        self.tries += 1
        self.clock.now += self.outcome.get("takes", 0)
        self.happen(self.outcome.get("events", ()))
        self.abandon_in("try", self.outcome)
        if self.outcome.get("rejection"):
            raise CircuitOpenError("an inner breaker is open", 1)
        if self.outcome["verdict"] != "accept":
            raise self.failure()

    def failure(self):
        if self.outcome.get("timeout"):
            return Timeout
        return ThrottlingError if self.outcome.get("throttled") else Down

    def counts(self, _):
        if self.outcome.get("rejection"):
            health = "neutral"
        else:
            health = "failure" if self.outcome["verdict"] in ("retry", "stop") else "success"
        health = self.outcome.get("health", health)
        return {"success": False, "failure": True, "neutral": None}[health]

    def happen(self, events):
        for event in events:
            if "budget" in event:
                self.budgets[event["budget"]].withdraw()
            else:
                getattr(self.breakers[event["breaker"]], event["event"])()

    def abandon_in(self, phase, outcome):
        if outcome.get("abandoned") == phase:
            raise Abandoned

    def on_try(self, details):
        self.abandon_in("begin", self.outcomes[details["tries"] - 1])

    def on_backoff(self, details):
        self.take_down("retry")(details)
        self.happen(self.outcome.get("in_wait", ()))

    def sleep(self, seconds):
        self.abandon_in("wait", self.outcome)
        self.clock.now += seconds

    def take_down(self, step):
        def handler(details):
            known = ("tries", "elapsed", "wait", "reason")
            taken = {name: details[name] for name in known if name in details}
            self.steps.append(taken | {"step": step})

        return handler
