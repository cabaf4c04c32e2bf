"""The vectors that every front end runs, and what plays them: policy, outcomes and uniform draws, and the exact steps that follow.

Python's steps are those of the vectors but for two rules, which `in_python` applies.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import math
import pathlib
import random
import time
from fractions import Fraction

import pytest
import rebackoff

VECTORS = pathlib.Path(__file__).resolve().parents[3] / "conformance"
JITTERS = {
    "full": rebackoff.full_jitter,
    "equal": rebackoff.equal_jitter,
    "random": rebackoff.random_jitter,
    "none": None,
}
LONGEST_SLEEP = 9_223_372_036
CENTURY = 3_155_760_000
LONG = 200_000


def load_model():
    spec = importlib.util.spec_from_file_location("model", VECTORS / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


model = load_model()


def cases(*, long):
    """The cases of all files; the long ones are those with more than LONG tries."""
    for file in sorted(VECTORS.glob("*.json")):
        for case in json.loads(file.read_text()):
            if (case["steps"][-1]["tries"] > LONG) == long:
                yield pytest.param(case, id=f"{file.stem}-{case['name']}")


def in_python(case):
    """The case with the steps that Python takes."""
    policy = case["policy"]
    if policy.get("jitter") == "random" and "max_value" in policy:
        return past_the_cap(case)
    if any(step.get("wait", 0) > CENTURY for step in case["steps"]):
        return as_slept(case)
    return case


class PastTheCap(model.Session):
    """backoff caps the raw wait alone: `random_jitter` adds its draw to that, at the cap as below it."""

    def spread(self, raw):
        return raw + self.draw(Fraction(1))


def past_the_cap(case):
    """Waits are longer here, so `max_time` may end the call before the outcomes do."""
    outcomes, drawn, steps = [], [], []
    draws = one_by_one(case["draws"])

    def draw(_span):
        drawn.append(next(draws))
        return Fraction(drawn[-1])

    session = PastTheCap(case["policy"], draw)
    for outcome in one_by_one(case["outcomes"]):
        outcomes.append(outcome)
        steps.append(session.step(outcome))
        if steps[-1]["step"] != "retry":
            break
    return case | {"outcomes": outcomes, "draws": drawn, "steps": steps}


def as_slept(case):
    """Raw waits are numbers of any size here: what comes of them is cut where it is slept, to what `time.sleep` takes.

    In the vectors they are cut before the jitter. Whatever is above a century there comes of the
    longest wait that they have, and would be longer than the longest sleep if that were not cut.
    """
    steps, shift = [], 0
    for step in case["steps"]:
        step = step | {"elapsed": step["elapsed"] + shift}
        if step.get("wait", 0) > CENTURY:
            shift += LONGEST_SLEEP - step["wait"]
            step["wait"] = LONGEST_SLEEP
        steps.append(step)
    return case | {"steps": steps}


class Refused(Exception):
    """The result of a try that is not accepted."""


class Stage:
    """Time, chance and the target of one case, and the steps that it must take."""

    def __init__(self, case, monkeypatch):
        self.now = 0.0
        self.draws = one_by_one(case["draws"])
        self.outcomes = one_by_one(case["outcomes"])
        self.steps = one_by_one_step(case)
        self.by_value = case.get("target") is not None
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(time, "sleep", self.sleep)
        monkeypatch.setattr(asyncio, "sleep", self.async_sleep)
        monkeypatch.setattr(
            random, "uniform", lambda low, high: low + (high - low) * next(self.draws)
        )
        monkeypatch.setattr(random, "random", lambda: next(self.draws))

    def sleep(self, seconds):
        self.now += seconds

    async def async_sleep(self, seconds):
        self.now += seconds

    def target(self):
        outcome = next(self.outcomes)
        self.now += outcome.get("takes", 0)
        if self.by_value:
            return outcome
        if outcome["verdict"] != "accept":
            raise Refused(outcome)
        return outcome

    async def async_target(self):
        return self.target()

    def expects(self, kind):
        def handler(details):
            step = next(self.steps)
            same = (
                step["step"] == kind
                and step["tries"] == details["tries"]
                and step.get("total_tries") == details.get("total_tries")
                and step.get("reason") == details.get("reason")
                and is_close(step["elapsed"], details["elapsed"])
                and is_close(step.get("wait", 0), details.get("wait", 0))
            )
            assert same, f"{step} was expected, but it is {kind} with {details}"

        return handler

    def decorator(self, policy):
        options = {key: value for key, value in policy.items() if key not in ("wait", "jitter")}
        if policy["wait"] == "runtime":
            options["value"] = lambda outcome: verdict_of(outcome)["runtime"]
        default = "none" if policy["wait"] == "decorrelated" else "full"
        options.update(
            jitter=JITTERS[policy.get("jitter", default)],
            hint=hint_of,
            logger=None,
            on_backoff=self.expects("retry"),
            on_giveup=self.expects("give_up"),
            on_success=self.expects("accept"),
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

    def play(self, policy):
        self.decorator(policy)(self.target)()
        self.check_that_nothing_is_left()

    def play_async(self, policy):
        asyncio.run(self.decorator(policy)(self.async_target)())
        self.check_that_nothing_is_left()

    def check_that_nothing_is_left(self):
        assert [list(left) for left in (self.steps, self.draws, self.outcomes)] == [[], [], []]


def one_by_one(entries):
    for entry in entries:
        if isinstance(entry, dict) and "repeat" in entry:
            one = entry["draw"] if "draw" in entry else entry
            for _ in range(entry["repeat"]):
                yield one
        else:
            yield entry


def one_by_one_step(case):
    """Of equal steps in a row, the case tells only when the last one was."""
    now, outcomes = 0.0, one_by_one(case["outcomes"])
    reset_after = case["policy"].get("reset_after", math.inf)
    for entry in case["steps"]:
        times = entry.get("repeat", 1)
        for tries in range(entry["tries"] - times + 1, entry["tries"] + 1):
            outcome = next(outcomes)
            begins_anew = outcome["verdict"] != "accept" and outcome.get("takes", 0) >= reset_after
            elapsed = 0.0 if begins_anew else now + outcome.get("takes", 0)
            yield entry | {"tries": tries, "elapsed": elapsed}
            now = elapsed + float(entry.get("wait", 0))
        assert is_close(elapsed, entry["elapsed"])


def verdict_of(outcome):
    return outcome.args[0] if isinstance(outcome, Refused) else outcome


def hint_of(outcome):
    outcome = verdict_of(outcome)
    return float("-inf") if outcome["verdict"] == "stop" else outcome.get("hint")


def is_close(seconds, others):
    """To within a nanosecond, or one part in 10¹²."""
    return math.isclose(seconds, others, rel_tol=1e-12, abs_tol=1e-9)
