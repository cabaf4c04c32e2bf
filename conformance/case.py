"""A case: a policy, outcomes and draws, and the steps the model says they lead to."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import groupby

from model import LONGEST, Session, on_grid, seconds

DRAWS = 2**20


def retry(**details):
    return {"verdict": "retry", **details}


FAIL = retry()
OK = {"verdict": "accept"}
GIVE_UP = {"verdict": "give_up"}
STOP = {"verdict": "stop"}


def by_hand(name, policy, outcomes, draws, expected, elapsed=None, target=None):
    """A case whose waits and ending were worked out by a person.

    `expected` lists the waits, `(n, wait)` for n equal ones, and then how it ends:
    `accept` or the reason. The model has to come to the same answer.
    """
    case = answered(name, policy, outcomes, draws, target)
    steps = case["steps"]
    found = [step.get("wait", step.get("reason", step["step"])) for step in steps]
    assert len(found) == len(expected), f"{name}: {shown(found)}"
    for number, (step, ours, theirs) in enumerate(zip(steps, found, expected)):
        times, theirs = theirs if isinstance(theirs, tuple) else (1, theirs)
        where = f"{name}, step {number}: {shown(found)}"
        assert step.get("repeat", 1) == times, where
        assert ours == theirs or same_seconds(ours, theirs), where
    if elapsed is not None:
        assert [step["elapsed"] for step in steps] == [seconds(e) for e in elapsed], f"{name}: elapsed"
    return case


def by_model(name, policy, next_outcome, next_draw, target=None):
    """A case that goes on until the model says that it ends.

    `next_outcome(tries)` is asked for each try's outcome, `next_draw(span)` for each draw.
    """
    outcomes, draws = [], []

    def draw(span):
        draws.append(next_draw(span))
        return draws[-1]

    session = Session(policy, draw)
    going = True
    while going:
        outcomes.append(next_outcome(session.tries + 1))
        going = session.step(outcomes[-1])["step"] == "retry"
    return answered(name, policy, outcomes, draws, target)


def answered(name, policy, outcomes, draws, target):
    remaining = expanded(draws)
    session = Session(policy, lambda span: next(remaining))
    steps = []
    for outcome in outcomes:
        assert not steps or steps[-1]["step"] == "retry", f"{name}: outcomes after the end"
        run = (session.step(outcome) for _ in range(outcome.get("repeat", 1)))
        steps.extend(run_lengths(run) if "repeat" in outcome else run)
    assert steps[-1]["step"] != "retry", f"{name}: does not end"
    assert next(remaining, None) is None, f"{name}: draws left over"
    assert session.now < LONGEST + Fraction(1, 100), f"{name}: longer than elapsed can tell"
    case = {"name": name, "target": target, "policy": policy, "outcomes": outcomes, "draws": draws, "steps": steps}
    return {key: value for key, value in case.items() if value is not None}


def expanded(draws):
    for draw in draws:
        times, draw = (draw["repeat"], draw["draw"]) if isinstance(draw, dict) else (1, draw)
        draw = Fraction(draw)
        assert 0 <= draw < 1 and (draw * DRAWS).denominator == 1, f"not a draw: {draw}"
        yield from (draw for _ in range(times))


def run_lengths(steps: Iterable[dict]):
    for _, run in groupby(steps, key=lambda step: step.get("wait")):
        times = 0
        for step in run:
            times += 1
        yield step if times == 1 else step | {"repeat": times}


def same_seconds(ours, theirs):
    if isinstance(ours, str) or isinstance(theirs, str):
        return False
    return ours == seconds(theirs) or (not on_grid(ours) and abs(ours - seconds(theirs)) <= Fraction(1, 10**12) * max(1, abs(ours)))


def shown(values):
    return [float(value) if isinstance(value, Fraction) else value for value in values]
