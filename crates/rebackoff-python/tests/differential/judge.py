"""Decides, scenario by scenario, what is expected of rebackoff and whether it came.

The two originals have to agree once the rules were applied to what they did. What they then agree on is expected.
"""

import collections
import copy
import dataclasses
import json

import reasons
from look import events
from rules import CHECKS, RULES, STAND_INS
from settle import ALIVE


@dataclasses.dataclass
class Verdict:
    scenario: dict
    complaint: str = ""
    rules: tuple = ()

    @property
    def passed(self):
        return not self.complaint


def stand_in(scenario):
    """The scenario that the originals play instead: the same wish, spelled so that they understand it."""
    found, used = scenario, []
    for rule in STAND_INS:
        if rule.when(found):
            found = rule.change(copy.deepcopy(found))
            used.append(rule.id)
    return found, used


def judge(scenario, old, new, ours=None):
    """`old` and `new` are the originals' traces of the stand-in; without `ours` only the originals are compared."""
    found, used = stand_in(scenario)
    for check in CHECKS:
        if check.when(scenario):
            return Verdict(scenario, check.complaint(scenario, ours) if ours else "", (check.id,))
    old, new = copy.deepcopy(old), copy.deepcopy(new)
    for rule in RULES:
        if rule.when(found):
            before = json.dumps([old, new])
            old, new = rule.settle(found, old, new)
            if json.dumps([old, new]) != before:
                used.append(rule.id)
    if json.dumps(old) != json.dumps(new):
        return Verdict(
            scenario,
            "backoff 2.2.1 and python-backoff 3.0.0 differ and no rule says whom to follow\n"
            + first_difference(old, new, "2.2.1", "3.0.0"),
            tuple(used),
        )
    if ours is not None:
        if reasons.given(ours):
            used.append(reasons.ID)
        ours, wanted, complaint = settle_ours(scenario, copy.deepcopy(ours), old)
        if not complaint and json.dumps(ours) != json.dumps(wanted):
            complaint = first_difference(wanted, ours, "expected", "rebackoff")
        return Verdict(scenario, complaint, tuple(used))
    return Verdict(scenario, "", tuple(used))


def settle_ours(scenario, ours, expected):
    """Our trace without what only rebackoff does, and what is wrong with just that."""
    ours, complaint = reasons.take_out(ours)
    for event, wanted in zip(events(ours, "raises"), events(expected, "raises")):
        if event[3] > wanted[3] + _in_async_callback(scenario, event) + _after_item(event):
            complaint = (
                complaint
                or f"{event[3]} traceback entries of the library, {wanted[3]} in backoff 2.2.1"
            )
        event[3] = wanted[3]
    for event, wanted in zip(events(ours, ALIVE), events(expected, ALIVE)):
        if event[1] > wanted[1] or event[3]:
            complaint = (
                complaint
                or f"{event[1]} exceptions still alive, {wanted[1]} in backoff 2.2.1; {event[3]} even after collecting garbage"
            )
        event[1:] = wanted[1:]
    for rule in STAND_INS:
        if rule.settle_ours and rule.when(scenario):
            ours, expected = rule.settle_ours(ours), rule.settle_ours(expected)
    return ours, expected, complaint


def _in_async_callback(scenario, event):
    """An error of a callback of an async function, or of its wait, passes the coroutine that awaits it."""
    return scenario["async"] and ("inside" in event[1]["is"] or "in the wait" in event[1]["is"])


def _after_item(event):
    """An error that a generator raises later passes the generator that the decorator made of it."""
    return "after the first item" in event[1]["is"]


def first_difference(left, right, left_name, right_name):
    """The first event that differs, with the two before it."""
    at = next(
        (
            n
            for n, (one, other) in enumerate(zip(left, right))
            if json.dumps(one) != json.dumps(other)
        ),
        min(len(left), len(right)),
    )
    lines = [f"    both      {json.dumps(event)}" for event in left[max(0, at - 2) : at]]
    for name, trace in ((left_name, left), (right_name, right)):
        lines.append(
            f"    {name:9} {json.dumps(trace[at]) if at < len(trace) else '(nothing more)'}"
        )
    return "\n".join(lines)


def count_rules(verdicts):
    return collections.Counter(rule for verdict in verdicts for rule in verdict.rules)


def rule_ids():
    return sorted({reasons.ID} | {rule.id for rule in (*STAND_INS, *RULES, *CHECKS)})
