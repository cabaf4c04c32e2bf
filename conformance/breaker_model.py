"""A circuit breaker in its plainest form: a list of calls, a state, and exact fractions."""

from fractions import Fraction
from math import ceil

from model import on_grid, seconds

SLICES = 10
MILLI = Fraction(1, 1000)


class Breaker:
    def __init__(self, draw, **options):
        self.draw = draw
        self.rates = "failure_rate" in options or "slow_rate" in options
        self.consecutive = options.get("consecutive", 5)
        self.failure_rate = ratio(options.get("failure_rate"))
        self.slow_rate = ratio(options.get("slow_rate"))
        self.slow_after = seconds(options.get("slow_after", 10**9))
        self.window_calls = options.get("window_calls")
        self.slice = seconds(options.get("window_time", 10)) / SLICES
        self.min_calls = options.get("min_calls", min(20, self.window_calls or 20))
        self.open_for = seconds(options.get("open_for", 30))
        self.growth = seconds(options.get("growth", 1))
        self.max_open_for = seconds(options.get("max_open_for", 10 * self.open_for))
        self.jitter = options.get("jitter", "none")
        self.probes = options.get("probes", 1)
        self.close_after = options.get("close_after", self.probes)
        self.probe_timeout = seconds(options.get("probe_timeout", 30))
        self.dry_run = options.get("dry_run", False)
        self.opened = self.rejected = self.failures = self.era = 0
        self.permits = {}
        self.enter("closed")

    def enter(self, state, reopened=0):
        """Every change of state begins an era: what was admitted before it changes nothing after it."""
        self.state, self.reopened = state, reopened
        self.era += 1
        self.row, self.calls, self.succeeded, self.held = 0, [], 0, {}

    def answer(self, event):
        now = seconds(event["at"])
        match event["event"]:
            case "admit":
                answer = self.admit(now, event["as"])
            case "check":
                answer = self.answer_to_check(now)
            case "settle":
                self.settle(now, event["permit"], event["health"])
                answer = {}
            case "call":
                answer = self.admit(now, None)
                if answer["answer"] in ("admitted", "probe"):
                    now += seconds(event.get("takes", 0))
                    self.settle(now, None, event["health"])
            case "force_open":
                self.open(now, self.open_for)
                answer = {}
            case "isolate":
                self.enter("isolated")
                answer = {}
            case "reset":
                self.enter("closed")
                answer = {}
        return answer

    def after(self, now):
        half_open = self.state == "open" and now >= self.until
        return {"state": "half_open" if half_open else self.state}

    def admit(self, now, name):
        if self.state == "open" and now >= self.until:
            self.enter("half_open", self.reopened)
        answer = self.verdict(now)
        kind = answer["answer"]
        if kind in ("open", "isolated"):
            self.rejected += 1
            if not self.dry_run:
                return answer
            answer, kind = {"answer": "admitted"}, "uncounted"
        permit = object()
        if kind == "probe":
            self.held[permit] = until_milli(now + self.probe_timeout)
        self.permits[name] = (kind, permit, self.era, now)
        return answer

    def verdict(self, now):
        if self.state in ("closed", "isolated"):
            return {"answer": "admitted" if self.state == "closed" else "isolated"}
        if self.state == "open":
            return {"answer": "open", "retry_in": self.until - now}
        held = [expiry for expiry in self.held.values() if expiry > now]
        if len(held) < self.probes:
            return {"answer": "probe"}
        return {"answer": "open", "retry_in": min(held) - now}

    def answer_to_check(self, now):
        if self.dry_run or (self.state == "open" and now >= self.until):
            return {"answer": "admitted"}
        answer = self.verdict(now)
        return {"answer": "admitted"} if answer["answer"] == "probe" else answer

    def settle(self, now, name, health):
        kind, permit, era, began = self.permits.pop(name)
        if era != self.era or kind == "uncounted":
            return
        slow = self.slow_rate is not None and now - began > self.slow_after
        if kind == "probe":
            in_time = self.held.pop(permit) > now
            if in_time and health != "neutral":
                self.settle_probe(now, health == "failure", slow)
        elif health != "neutral":
            self.failures += health == "failure"
            self.settle_call(now, health == "failure", slow)

    def settle_probe(self, now, failed, slow):
        self.failures += failed
        if failed or slow:
            self.reopened += 1
            grown = min(self.open_for * self.growth**self.reopened, self.max_open_for)
            self.open(now, self.spread(grown), self.reopened)
            return
        self.succeeded += 1
        if self.succeeded == self.close_after:
            self.enter("closed")

    def settle_call(self, now, failed, slow):
        if not self.rates:
            self.row = self.row + 1 if failed else 0
            if self.row >= self.consecutive:
                self.open(now, self.spread(self.open_for))
            return
        self.calls.append((now, failed, slow))
        window = self.window(now)
        if len(window) < self.min_calls or not (failed or slow):
            return
        share = [Fraction(sum(call[which] for call in window), len(window)) for which in (1, 2)]
        if any(rate is not None and share >= rate for share, rate in zip(share, (self.failure_rate, self.slow_rate))):
            self.open(now, self.spread(self.open_for))

    def window(self, now):
        if self.window_calls is None:
            first = now // self.slice - SLICES + 1
            return [call for call in self.calls if call[0] // self.slice >= first]
        slice = max(1, ceil(Fraction(self.window_calls - 1, SLICES - 1)))
        first = max(0, len(self.calls) - self.window_calls)
        return self.calls[first // slice * slice :]

    def open(self, now, time, reopened=0):
        self.enter("open", reopened)
        self.opened += 1
        self.until = until_milli(now + time)

    def spread(self, time):
        if self.jitter == "none":
            return time
        assert on_grid(time), f"{time} is not exact"
        span = time if self.jitter == "full" else time / 2
        time = time - span + span * self.draw(span)
        assert on_grid(time), f"{time} is not exact"
        return time


def ratio(number):
    return None if number is None else seconds(number).limit_denominator(10**6)


def until_milli(time):
    return ceil(time / MILLI) * MILLI
