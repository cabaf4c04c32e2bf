"""The decisions of the engine, written down once more in exact arithmetic.

This model is the oracle of the conformance vectors. It shares nothing with the
Rust code but the specification: every number is a `Fraction`, so that it has no
rounding to agree or disagree about. Only `decay` needs an irrational function,
which it takes to fifty digits.
"""

from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

LONGEST = Fraction(2**64 - 1, 10**9)
GRID = Fraction(1, 512)
CLEAR_CUT = Fraction(1, 10**6)


class KnifeEdge(Exception):
    """A limit was met so closely that rounding, not the rule, would decide."""


class Session:
    """One call under a policy: takes outcomes, answers with steps.

    `draw(span)` returns the next uniform number; it is told what the number is
    going to be multiplied with.
    """

    def __init__(self, policy, draw):
        self.policy = policy
        self.draw = draw
        self.tries = self.total_tries = 0
        self.begin()

    def begin(self):
        self.now = Fraction(0)
        self.exact = True
        self.raw = raw_waits(self.policy, self.draw)
        next(self.raw)

    def step(self, outcome):
        self.tries += 1
        self.total_tries += 1
        takes = seconds(outcome.get("takes", 0))
        self.pass_time(takes)
        if "reset_after" in self.policy and outcome["verdict"] != "accept" and takes >= seconds(self.policy["reset_after"]):
            self.tries = 1
            self.begin()
        step = {"tries": self.tries, "elapsed": self.now}
        if "reset_after" in self.policy:
            step["total_tries"] = self.total_tries
        decision = self.decide(outcome)
        if isinstance(decision, Fraction):
            self.pass_time(decision)
            return step | {"step": "retry", "wait": decision}
        if decision == "accept":
            return step | {"step": "accept"}
        return step | {"step": "give_up", "reason": decision}

    def decide(self, outcome):
        """A wait, `accept`, or the reason for giving up."""
        verdict = outcome["verdict"]
        if verdict != "retry":
            return {"accept": "accept", "give_up": "giveup", "stop": "hint"}[verdict]
        if self.policy.get("max_tries", self.tries + 1) <= self.tries:
            return "max_tries"
        left = self.time_left()
        if left is not None and left <= 0:
            return "max_time"
        floor = self.floor(outcome.get("hint"))
        if floor == "give_up" or (None not in (left, floor) and self.clear(left - floor) < 0):
            return "hint"
        raw = self.raw.send(outcome)
        if raw is None:
            return "exhausted"
        wait = min(self.spread(raw), LONGEST)
        if floor is not None:
            wait = max(wait, self.spread_upward(floor))
        if left is not None and self.policy.get("last_wait") == "stop" and self.clear(left - wait) < 0:
            return "max_time"
        return wait if left is None else min(wait, left)

    def spread(self, raw):
        return jittered(self.policy, raw, self.draw)

    def floor(self, hint):
        """The part of a hint that is obeyed, or `give_up`; None without a hint."""
        if hint is None:
            return None
        hint, ceiling = seconds(hint), seconds(self.policy.get("hint_ceiling", 300))
        if hint > ceiling and self.policy.get("hint_above", "give_up") == "give_up":
            return "give_up"
        return min(hint, ceiling, LONGEST)

    def spread_upward(self, floor):
        default = 0 if jitter_of(self.policy) == "none" and self.policy["wait"] != "decorrelated" else 0.1
        width = floor * seconds(self.policy.get("hint_spread", default))
        return min(floor + width * self.draw(width), LONGEST) if width else floor

    def time_left(self):
        if "max_time" not in self.policy:
            return None
        self.exact = self.exact and on_grid(seconds(self.policy["max_time"]))
        return self.clear(seconds(self.policy["max_time"]) - self.now)

    def pass_time(self, duration):
        if duration:  # spares the cases with a million instant tries an addition
            self.now += duration
            self.exact = self.exact and on_grid(duration)

    def clear(self, difference):
        """Refuses a comparison that floats and nanoseconds might answer differently."""
        if abs(difference) < CLEAR_CUT and not self.exact:
            raise KnifeEdge(f"{float(difference)} s from a limit, with inexact times before it")
        return difference


@lru_cache
def seconds(number):
    """The decimal number as it is written, not the float nearest to it."""
    return number if isinstance(number, Fraction) else Fraction(repr(number))


def on_grid(number):
    """Returns whether both floats and whole nanoseconds hold it, and sums of it, exactly."""
    return GRID.denominator % number.denominator == 0


def cap_of(policy):
    default = 60 if policy["wait"] == "decorrelated" else None
    cap = policy.get("max_value", default)
    return None if cap is None else seconds(cap)


def raw_waits(policy, draw):
    """Receives each failed outcome, yields its raw wait, capped; None when it has ended."""
    cap = min(cap_of(policy) or LONGEST, LONGEST)
    waits = STRATEGIES[policy["wait"]](policy, cap, draw)
    outcome = yield
    if policy["wait"] == "runtime":
        while outcome["runtime"] is not None:
            outcome = yield min(seconds(outcome["runtime"]), cap)
    for wait in waits:
        yield min(wait, cap)
    while True:
        yield None


def expo(policy, cap, _draw):
    base, wait = seconds(policy.get("base", 2)), seconds(policy.get("factor", 1))
    while True:
        yield wait
        if wait < cap or base < 1:
            wait *= base


def fibo(_policy, cap, _draw):
    wait, following = Fraction(1), Fraction(1)
    while True:
        yield wait
        if wait < cap:
            wait, following = following, wait + following


def constant(policy, _cap, _draw):
    interval = policy.get("interval", 1)
    if isinstance(interval, list):
        yield from map(seconds, interval)
        return
    while True:
        yield seconds(interval)


def linear(policy, _cap, _draw):
    wait, step = seconds(policy.get("start", 1)), seconds(policy.get("step", 1))
    while True:
        yield wait
        wait += step


def decay(policy, _cap, _draw):
    initial, floor = seconds(policy.get("initial_value", 1)), seconds(policy.get("min_value", 0))
    exponent, rate = Fraction(0), seconds(policy.get("decay_factor", 1))
    while True:
        yield max(initial * exp_of_minus(exponent), floor)
        exponent += rate


def exp_of_minus(exponent):
    if exponent > 100:
        return Fraction(0)  # far below a nanosecond, whatever it is multiplied with
    with localcontext() as context:
        context.prec = 50
        return Fraction((-Decimal(exponent.numerator) / Decimal(exponent.denominator)).exp())


def decorrelated(policy, cap, draw):
    base = wait = seconds(policy.get("base", 1))
    while True:
        span = 3 * wait - base
        wait = min(base + span * draw(span), cap)
        yield wait


def runtime(_policy, _cap, _draw):
    return iter(())


STRATEGIES = {function.__name__: function for function in (expo, fibo, constant, linear, decay, decorrelated, runtime)}


def jitter_of(policy):
    return policy.get("jitter", "none" if policy["wait"] == "decorrelated" else "full")


def jittered(policy, raw, draw):
    kind = jitter_of(policy)
    if kind == "none":
        return raw
    if kind == "full":
        return raw * draw(raw)
    if kind == "equal":
        return raw / 2 + raw / 2 * draw(raw / 2)
    cap = cap_of(policy)
    spread = Fraction(1) if cap is None else min(Fraction(1), cap)
    lowest = raw if cap is None else min(raw, cap - spread)
    return lowest + spread * draw(spread)
