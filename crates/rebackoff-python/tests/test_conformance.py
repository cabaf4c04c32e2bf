"""The vectors that every front end runs: policy, outcomes and uniform draws, and the exact steps that follow.

Not run: `last_wait: stop` and a `runtime` strategy that ends, for which backoff has no words. Differently run: Python's raw waits are
numbers of any size, so they saturate when they are slept, at what `time.sleep` takes, and not before the
jitter; and backoff's `random_jitter` may go past `max_value`.
"""

from __future__ import annotations

import asyncio
import json
import pathlib
import random
import time

import pytest
import rebackoff

VECTORS = pathlib.Path(__file__).resolve().parents[3] / "conformance"
JITTERS = {
    "full": rebackoff.full_jitter,
    "equal": rebackoff.equal_jitter,
    "random": rebackoff.random_jitter,
    "none": None,
}
LIMITS = ("max_tries", "max_time")
MANY = 1000


def is_run(policy, outcomes):
    return not (
        policy.get("last_wait") == "stop"
        or (
            policy.get("jitter") == "random"
            and ("max_value" in policy or policy["wait"] == "decorrelated")
        )
        or any(outcome.get("runtime", 0) is None for outcome in outcomes)
        or sum(outcome.get("repeat", 1) for outcome in outcomes) > MANY
    )


def cases():
    """The cases that Python has words for."""
    for file in sorted(VECTORS.glob("*.json")):
        for case in json.loads(file.read_text()):
            if file.stem != "saturation" and is_run(case["policy"], case["outcomes"]):
                yield pytest.param(case, id=f"{file.stem}-{case['name']}")


CASES = list(cases())


class Refused(Exception):
    """What a try comes to that is not accepted."""


class Stage:
    """Time, chance and the target of one case."""

    def __init__(self, case, monkeypatch):
        self.now = 0.0
        self.draws = [draw for entry in case["draws"] for draw in repeated(entry, "draw")]
        self.outcomes = [outcome for entry in case["outcomes"] for outcome in repeated(entry)]
        self.steps = []
        self.by_value = case.get("target") is not None
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(time, "sleep", self.sleep)
        monkeypatch.setattr(asyncio, "sleep", self.async_sleep)
        monkeypatch.setattr(
            random, "uniform", lambda low, high: low + (high - low) * self.draws.pop(0)
        )
        monkeypatch.setattr(random, "random", lambda: self.draws.pop(0))

    def sleep(self, seconds):
        self.now += seconds

    async def async_sleep(self, seconds):
        self.now += seconds

    def target(self):
        outcome = self.outcomes.pop(0)
        self.now += outcome.get("takes", 0)
        if self.by_value:
            return outcome
        if outcome["verdict"] != "accept":
            raise Refused(outcome)
        return outcome

    async def async_target(self):
        return self.target()

    def note(self, step):
        def handler(details):
            noted = {"tries": details["tries"], "elapsed": details["elapsed"], "step": step}
            noted.update({key: details[key] for key in ("wait", "reason") if key in details})
            self.steps.append(noted)

        return handler

    def decorator(self, policy):
        options = {
            key: value
            for key, value in policy.items()
            if key not in ("wait", "jitter", "last_wait")
        }
        if policy["wait"] == "runtime":
            options["value"] = lambda outcome: verdict_of(outcome)["runtime"]
        default = "none" if policy["wait"] == "decorrelated" else "full"
        options.update(
            jitter=JITTERS[policy.get("jitter", default)],
            hint=hint_of,
            logger=None,
            on_backoff=self.note("retry"),
            on_giveup=self.note("give_up"),
            on_success=self.note("accept"),
        )
        strategy = getattr(rebackoff, policy["wait"])
        if self.by_value:
            return rebackoff.on_predicate(
                strategy, lambda outcome: outcome["verdict"] != "accept", **options
            )
        giveup = lambda error: verdict_of(error)["verdict"] == "give_up"  # noqa: E731
        return rebackoff.on_exception(
            strategy, Refused, giveup=giveup, raise_on_giveup=False, **options
        )


def repeated(entry, key=None):
    times = entry.get("repeat", 1) if isinstance(entry, dict) else 1
    return [entry[key] if key and isinstance(entry, dict) else entry] * times


def verdict_of(outcome):
    return outcome.args[0] if isinstance(outcome, Refused) else outcome


def hint_of(outcome):
    outcome = verdict_of(outcome)
    return -1 if outcome["verdict"] == "stop" else outcome.get("hint")


def check(stage, case):
    assert stage.steps == [approximately(step) for step in expected(case)]
    assert stage.draws == [] and stage.outcomes == []


def approximately(step):
    """The step, its seconds to within a nanosecond."""
    return {
        key: pytest.approx(value, rel=1e-12, abs=1e-9) if key in ("wait", "elapsed") else value
        for key, value in step.items()
    }


def expected(case):
    return [
        {key: value for key, value in step.items() if key != "repeat"}
        for entry in case["steps"]
        for step in repeated(entry)
    ]


@pytest.mark.parametrize("case", CASES)
def test_blocking_calls_take_the_steps_of_the_vectors(case, monkeypatch):
    stage = Stage(case, monkeypatch)
    stage.decorator(case["policy"])(stage.target)()
    check(stage, case)


@pytest.mark.parametrize("case", CASES)
def test_async_calls_take_the_steps_of_the_vectors(case, monkeypatch):
    stage = Stage(case, monkeypatch)
    asyncio.run(stage.decorator(case["policy"])(stage.async_target)())
    check(stage, case)
