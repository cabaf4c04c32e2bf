"""Predicates, giveup conditions, jitters, handlers and wait generators, made from their JSON form.

Each writes into the trace what it was asked and what it answered.
"""

import logging
import math
import random
import sys

import errors


def predicate(spec, trace, name):
    answers = {
        "is_none": lambda value: value is None,
        "is_falsy": lambda value: not value,
        "is_text": lambda value: isinstance(value, str) and value,
        "always": lambda value: True,
        "never": lambda value: 0,
        "truthy": lambda value: ["yes"] if not value else [],
    }
    return _asked(spec, trace, name, answers[spec["do"]])


def giveup(spec, trace, name):
    answers = {
        "never": lambda error: None,
        "always": lambda error: "yes",
        "on_type": lambda error: isinstance(error, errors.NAMES[spec.get("type", "Boom")]),
        "on_text": lambda error: "try 3" in str(error.args),
    }
    return _asked(spec, trace, name, answers[spec["do"]])


def jitter(spec, trace, name, library):
    if spec == "full_jitter" or spec == "random_jitter":
        return getattr(library, spec)
    if spec is None:
        return None
    do = spec["do"]
    if do == "random.random":
        return random.random
    if do in ("float", "abs"):
        return {"float": float, "abs": abs}[do]
    if do == "nullary":

        def nullary():
            trace.add("ask", name)
            return random.random()

        return nullary
    answers = {
        "half": lambda wait: wait / 2,
        "same": lambda wait: wait,
        "floor": lambda wait: math.floor(wait),
        "spread": lambda wait: wait * random.uniform(0.75, 1.25),
        "negative": lambda wait: -0.5,
    }
    return _asked(spec, trace, name, answers[do])


def handlers(spec, trace, prefix):
    """One handler, or several in the container that the scenario names."""
    if spec is None:
        return None
    made = [
        _handler(one, trace, f"{prefix} {number}") for number, one in enumerate(spec["handlers"])
    ]
    if spec["as"] == "single":
        return made[0]
    return {"list": list, "tuple": tuple, "iterator": iter}[spec["as"]](made)


def _asked(spec, trace, name, answer):
    asked = [0]

    def decide(value):
        asked[0] += 1
        trace.add("ask", name, trace.show(value), trace.show(sys.exc_info()[1]))
        if asked[0] == spec.get("at") and "raise" in spec:
            errors.raise_it(spec, f"inside {name}")
        answered = answer(value)
        trace.add("answer", name, trace.show(answered))
        return answered

    if not spec.get("async"):
        return decide

    async def decide_later(value):
        return decide(value)

    return decide_later


def _handler(spec, trace, name):
    seen = [0]

    def handle(details):
        seen[0] += 1
        shown = {key: trace.show(value) for key, value in details.items()}
        if "reason" in details:
            shown["reason"] = trace.show(details["reason"])
        trace.add("details", name, shown, trace.show(sys.exc_info()[1]))
        if seen[0] == spec.get("at", 1):
            _act(spec, trace, name, details)

    if not spec.get("async"):
        return handle

    async def handle_later(details):
        handle(details)

    return handle_later


def _act(spec, trace, name, details):
    do = spec.get("do")
    if do == "raise":
        errors.raise_it({"raise": spec["type"]}, f"inside {name}")
    if do == "raise again":
        raise
    if do == "add to details":
        details["added"] = name
    if do == "change the wait":
        details["wait"] = 99
    if do == "add to kwargs":
        details["kwargs"]["added"] = name
    if do == "log exception":
        logging.getLogger("user").exception("seen by %s", name)


def wait_generator(spec, trace, library):
    """The generator function, and whether it is to be handed over already configured."""
    own = {
        "countdown": _countdown,
        "echo": _echo,
        "failing": _failing,
        "object": _Sender,
        "eager": _eager,
    }
    gen = spec["gen"]
    if gen in own:
        return lambda **kwargs: own[gen](trace, **kwargs)
    if gen == "decay" and not hasattr(library, "decay"):
        return _decay
    return getattr(library, gen)


def _countdown(trace, start=3, step=1):
    trace.add("wait generator starts")
    yield
    while start > 0:
        yield start
        start -= step


def _echo(trace, wait=0.5):
    """Keeps nothing of the outcomes that are sent to it."""
    shown = trace.show((yield))
    while True:
        trace.add("wait generator gets", shown)
        shown = trace.show((yield wait))


def _failing(trace, wait=1, at=2):
    yield
    for number in range(1, 100):
        if number == at:
            raise ZeroDivisionError("inside the wait generator")
        yield wait


def _eager(trace, waits=(1, 2, 3)):
    """Has no bare first `yield`: its first wait is lost."""
    for wait in waits:
        yield wait


class _Sender:
    """Not a generator, but has `send`, which is all that the decorators use."""

    def __init__(self, trace, wait=0.25, most=3):
        self._trace = trace
        self._wait = wait
        self._left = most
        self._started = False

    def send(self, outcome):
        self._trace.add("wait object gets", self._trace.show(outcome))
        if not self._started:
            self._started = True
            return None
        if self._left == 0:
            raise StopIteration
        self._left -= 1
        return self._wait


def _decay(initial_value=1, decay_factor=1, min_value=None):
    """backoff 2.2.1 has no `decay`; this is its formula as the documentation of rebackoff gives it."""
    yield
    n = 0
    while True:
        yield max(initial_value * math.e ** (-n * decay_factor), min_value or 0)
        n += 1
