"""Budgets in their plainest form: lists of what happened when, in exact fractions."""

from bisect import bisect_left
from fractions import Fraction

from model import seconds

SLICES = 10


class PerSecond:
    def __init__(self, rate=10, capacity=100):
        self.interval = Fraction(round(10**9 / seconds(rate)), 10**9)
        self.capacity = self.kept = Fraction(capacity)
        self.filled = Fraction(0)

    def tokens(self, now):
        self.kept = min(self.capacity, self.kept + (now - self.filled) / self.interval)
        self.filled = now
        return self.kept

    def withdraw(self, now, cost):
        if self.tokens(now) < 1:
            return None
        self.kept -= 1
        return 1

    def start(self, now):
        pass

    def failure(self):
        pass

    def success(self, last):
        pass

    def refund(self, now, taken):
        self.kept = min(self.capacity, self.tokens(now) + taken)


class Share(PerSecond):
    def __init__(self, ratio=0.2, floor=10, ttl=10):
        self.ratio = seconds(ratio).limit_denominator(10**6)
        self.reserve = seconds(floor) * seconds(ttl)
        self.slice = seconds(ttl) / SLICES
        self.calls, self.retries = [], []

    def tokens(self, now):
        begin = (now // self.slice - SLICES + 1) * self.slice
        calls, retries = (len(times) - bisect_left(times, begin) for times in (self.calls, self.retries))
        return max(Fraction(0), self.ratio * calls + self.reserve - retries)

    def withdraw(self, now, cost):
        if self.tokens(now) < 1:
            return None
        self.retries.append(now)
        return now

    def refund(self, now, taken):
        self.retries.remove(taken)

    def start(self, now):
        self.calls.append(now)


class Quota(PerSecond):
    def __init__(self, capacity=500, retry_cost=5, timeout_cost=10, throttled_cost=None):
        self.capacity = self.kept = capacity
        self.costs = {"retry": retry_cost, "timeout": timeout_cost, "throttled": throttled_cost or retry_cost}

    def tokens(self, now):
        return self.kept

    def withdraw(self, now, cost):
        if self.kept < self.costs[cost]:
            return None
        self.kept -= self.costs[cost]
        return self.costs[cost]

    def success(self, last):
        self.kept = min(self.capacity, self.kept + (1 if last is None else last))


class Throttle(PerSecond):
    def __init__(self, max_tokens=10, token_ratio=0.1):
        self.capacity = self.kept = Fraction(max_tokens)
        self.gain = Fraction(int(seconds(token_ratio) * 1000), 1000)

    def tokens(self, now):
        return self.kept

    def withdraw(self, now, cost):
        return 0 if self.kept > self.capacity / 2 else None

    def failure(self):
        self.kept = max(Fraction(0), self.kept - 1)

    def success(self, last):
        self.kept = min(self.capacity, self.kept + self.gain)


KINDS = {"per_second": PerSecond, "share": Share, "quota": Quota, "throttle": Throttle}


class Budget:
    """A bucket of some kind, and what was refused."""

    def __init__(self, kind, dry_run=False, **parameters):
        self.bucket = KINDS[kind](**parameters)
        self.dry_run = dry_run
        self.refused = 0
        self.withdrawals = {}

    def answer(self, event):
        """The answer that must follow the event: whether a withdrawal is allowed."""
        now, answer = seconds(event["at"]), {}
        if event["event"] == "start":
            self.bucket.start(now)
        elif event["event"] == "failure":
            self.bucket.failure()
        elif event["event"] == "success":
            self.bucket.success(self.withdrawals[event["last"]] or 0 if "last" in event else None)
        elif event["event"] == "refund":
            taken = self.withdrawals.pop(event["of"])
            if taken is not None:
                self.bucket.refund(now, taken)
        else:
            taken = self.bucket.withdraw(now, event.get("cost", "retry"))
            self.refused += taken is None
            answer["allowed"] = taken is not None or self.dry_run
            if "as" in event:
                self.withdrawals[event["as"]] = taken
        return answer

    def after(self, now):
        return {"tokens": self.bucket.tokens(now)}
