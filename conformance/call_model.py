"""Budgets and breakers inside whole calls, as ARCHITECTURE.md has the order: one guard after the other, in lists."""

from breaker_model import Breaker
from budget_model import Budget
from model import Session, seconds

HEALTH = {"accept": "success", "give_up": "success", "retry": "failure", "stop": "failure"}


class Calls:
    """The guards that calls share, and a clock for all of them."""

    def __init__(self, policy, budgets, breakers):
        self.policy, self.now = policy, seconds(0)
        self.budgets = [Budget(**options) for options in budgets]
        self.breakers = [Breaker(no_draw, **options) for options in breakers]

    def call(self, at, outcomes, before=()):
        """The steps of a call that begins at `at`; takes as many `outcomes` as the call needs."""
        self.now = begin = seconds(at)
        self.happen(before)
        if not self.admit():
            return [give_up(0, self.now - begin, "breaker")]
        self.tell("start")
        session, steps, paid = Session(self.policy, no_draw), [], False
        for outcome in outcomes:
            if outcome.get("abandoned") == "begin":
                self.settle("neutral")
                self.refund(len(self.budgets) if paid else 0)
                return steps
            step = session.step(outcome)
            self.now = begin + step["elapsed"]
            self.happen(outcome.get("events", ()))
            if outcome.get("abandoned") == "try":
                self.settle("neutral")
                return steps
            self.settle(health_of(outcome))
            self.judge(outcome["verdict"], paid)
            if step["step"] == "retry":
                reason = self.refusal(step["wait"], next((cost for cost in ("timeout", "throttled") if outcome.get(cost)), "retry"))
                step = give_up(step["tries"], step["elapsed"], reason) if reason else step
            steps.append(step)
            if step["step"] != "retry":
                return steps
            paid = True
            self.happen(outcome.get("in_wait", ()))
            if outcome.get("abandoned") == "wait":
                self.refund(len(self.budgets))
                return steps
            self.now += step["wait"]
            if not self.admit():
                self.refund(len(self.budgets))
                return [*steps, give_up(step["tries"], self.now - begin, "breaker")]
        raise AssertionError("the call does not end")

    def admit(self):
        """Asks each breaker; gives back what the earlier ones gave where one rejects the try."""
        for number, breaker in enumerate(self.breakers):
            if breaker.admit(self.now, "try")["answer"] not in ("admitted", "probe"):
                self.settle("neutral", number)
                return False
        return True

    def settle(self, health, number=None):
        for breaker in self.breakers[:number]:
            breaker.settle(self.now, "try", health)

    def judge(self, verdict, paid):
        if verdict == "accept":
            self.tell("success", **{"last": "paid"} if paid else {})
        elif verdict != "give_up":
            self.tell("failure")

    def refusal(self, wait, cost):
        """The reason for which a guard refuses a retry: breakers are asked first, then the budgets pay."""
        for breaker in self.breakers:
            answer = breaker.answer_to_check(self.now)
            if answer["answer"] == "isolated" or answer.get("retry_in", 0) > wait:
                return "breaker"
        for number, budget in enumerate(self.budgets):
            if not budget.answer({"at": self.now, "event": "withdraw", "cost": cost, "as": "paid"})["allowed"]:
                self.refund(number)
                return "budget"
        return None

    def refund(self, number):
        for budget in self.budgets[:number]:
            budget.answer({"at": self.now, "event": "refund", "of": "paid"})

    def tell(self, event, **details):
        for budget in self.budgets:
            budget.answer({"at": self.now, "event": event, **details})

    def happen(self, events):
        """Events of other calls and operators: `withdraw` of a budget, the commands of a breaker."""
        for event in events:
            guard = self.budgets[event["budget"]] if "budget" in event else self.breakers[event["breaker"]]
            guard.answer({"at": self.now, "event": event["event"]})

    def after(self):
        tokens = [budget.after(self.now)["tokens"] for budget in self.budgets]
        return {"tokens": tokens, "states": [breaker.after(self.now)["state"] for breaker in self.breakers]}

    def counts(self):
        breakers = {name: [getattr(breaker, name) for breaker in self.breakers] for name in ("opened", "rejected", "failures")}
        return {"refused": [budget.refused for budget in self.budgets]} | breakers


def health_of(outcome):
    return outcome.get("health", "neutral" if outcome.get("rejection") else HEALTH[outcome["verdict"]])


def give_up(tries, elapsed, reason):
    return {"tries": tries, "elapsed": elapsed, "step": "give_up", "reason": reason}


def no_draw(_span):
    raise AssertionError("these calls have no jitter")
