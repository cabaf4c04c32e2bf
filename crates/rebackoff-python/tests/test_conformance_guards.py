"""Budgets and breakers answer what the vectors in `conformance/guards` say, event by event."""

from __future__ import annotations

import json
import pathlib
import random
import time

import pytest
from rebackoff import Breaker, Budget, CircuitOpenError

VECTORS = pathlib.Path(__file__).resolve().parents[3] / "conformance" / "guards"


def cases(file):
    vectors = json.loads((VECTORS / file).read_text())
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
    parameters = dict(case["budget"])
    budget = getattr(Budget, parameters.pop("kind"))(**parameters)
    withdrawals = {}
    for event in case["events"]:
        clock.now = event["at"]
        for _ in range(event.get("repeat", 1)):
            happen_to_budget(budget, event, withdrawals)
        assert budget.tokens == pytest.approx(event["tokens"], abs=1e-6), event
    assert {"refused": budget.refused} == case["counts"]


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
            withdrawal = budget.withdraw(timeout=event.get("cost") == "timeout")
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
