"""Budgets and breakers inside whole calls: payments, permits and refunds, in each phase of a call."""

from fractions import Fraction

from call_model import Calls
from case import FAIL, GIVE_UP, OK, STOP, retry
from draws import Dice
from model import seconds


def cases():
    for name, guards, calls in TABLE:
        yield by_hand(name, EACH_SECOND | guards.pop("policy", {}), guards, calls)
    for number in range(60):
        yield generated(number)


def by_hand(name, policy, guards, calls):
    """A case whose waits, endings, tokens and states were worked out by a person."""
    model = Calls(policy, guards.get("budgets", []), guards.get("breakers", []))
    told = []
    for at, outcomes, expected, after in calls:
        remaining = iter(outcomes)
        steps = model.call(at, remaining)
        assert next(remaining, None) is None, f"{name}: outcomes left over"
        found = [step.get("wait", step.get("reason", step["step"])) for step in steps]
        assert found == expected, f"{name}: {found}"
        found = model.after()
        assert all(found[key] == [exact(value) for value in values] for key, values in after.items()), f"{name}: {found}"
        told.append({"at": at, "outcomes": outcomes, "steps": steps} | found)
    return as_case(name, policy, guards, model, told)


def generated(number):
    dice = Dice(f"guarded call {number}")
    policy = chosen(dice, POLICIES)
    budgets = [chosen(dice, BUDGETS) for _ in range(dice.pick((0, 1, 1, 1, 2)))]
    breakers = [chosen(dice, BREAKERS) for _ in range(dice.pick((0, 1, 1, 1, 2) if budgets else (1, 1, 2)))]
    model = Calls(policy, budgets, breakers)
    told = []
    for _ in range(12):
        at = model.now + dice.pick((0, 0, Fraction(1, 4), 1, 3, 11))
        taken, before = [], [event(dice, len(budgets), len(breakers))] if dice.chance(0.3) else []
        steps = model.call(at, outcomes(dice, taken, len(budgets), len(breakers)), before)
        told.append({"at": at, "before": before, "outcomes": taken, "steps": steps} | model.after())
    return as_case(f"generated_guarded_calls_{number}", policy, {"budgets": budgets, "breakers": breakers}, model, told)


def outcomes(dice, taken, budgets, breakers):
    """Outcomes until the call ends; `taken` receives each that the call asks for."""
    while True:
        outcome = dict(dice.pick([FAIL] * 12 + [OK, OK, GIVE_UP, STOP]))
        if dice.chance(0.4):
            outcome["takes"] = dice.pick((0.25, 0.5, 2))
        if dice.chance(0.15):
            outcome["health"] = dice.pick(("success", "failure", "neutral"))
        if dice.chance(0.1) and outcome["verdict"] != "accept":
            outcome["rejection"] = True
        elif dice.chance(0.2) and outcome["verdict"] == "retry":
            outcome["timeout"] = True
        if dice.chance(0.2):
            outcome[dice.pick(("events", "in_wait"))] = [event(dice, budgets, breakers)]
        if dice.chance(0.1):
            outcome["abandoned"] = dice.pick(("begin", "try", "wait"))
        taken.append(outcome)
        yield outcome


def event(dice, budgets, breakers):
    number = dice.below(budgets + breakers)
    if number < budgets:
        return {"budget": number, "event": "withdraw"}
    return {"breaker": number - budgets, "event": dice.pick(("isolate", "force_open", "reset", "reset", "reset", "reset"))}


def chosen(dice, options):
    options = {name: dice.pick(values) for name, values in dice.pick(options).items()}
    return {name: value for name, value in options.items() if value is not None}


def as_case(name, policy, guards, model, calls):
    return {
        "name": name,
        "policy": policy,
        "budgets": guards.get("budgets", []),
        "breakers": guards.get("breakers", []),
        "calls": [{key: value for key, value in call.items() if value != []} for call in calls],
        "counts": model.counts(),
    }


def exact(value):
    return value if isinstance(value, str) else seconds(value)


EACH_SECOND = {"wait": "constant", "interval": 1, "jitter": "none", "max_tries": 4}
POLICIES = (
    {"wait": ("constant",), "interval": (None, 0, 0.5, 3), "jitter": ("none",), "max_tries": (None, 3, 6), "max_time": (6, 20)},
    {"wait": ("expo",), "factor": (None, 0.25), "max_value": (4, 8), "jitter": ("none",), "max_tries": (4, 7)},
)
BUDGETS = (
    {"kind": ("per_second",), "rate": (0.125, 0.5), "capacity": (1, 2, 5), "dry_run": (None, None, None, True)},
    {"kind": ("share",), "ratio": (0.5, 1), "floor": (0, 0.5), "ttl": (5, 20), "dry_run": (None, None, None, True)},
    {"kind": ("quota",), "capacity": (20, 40), "retry_cost": (5,), "timeout_cost": (10,), "dry_run": (None, None, None, True)},
    {"kind": ("throttle",), "max_tokens": (4, 10), "token_ratio": (0.5,), "dry_run": (None, None, None, True)},
)
BREAKERS = (
    {"consecutive": (1, 2, 3), "open_for": (1, 2, 8), "probes": (None, 2), "close_after": (None, 2), "dry_run": (None, None, None, True)},
    {"failure_rate": (0.5,), "window_calls": (4, 8), "min_calls": (2,), "open_for": (1, 4)},
    {"slow_rate": (0.5,), "slow_after": (0.25,), "min_calls": (2,), "window_time": (10,), "open_for": (2,)},
)

QUOTA = {"kind": "quota", "capacity": 20, "retry_cost": 5, "timeout_cost": 10}
TWO_TOKENS = {"kind": "per_second", "rate": 0.015625, "capacity": 2}
ONE_TOKEN = TWO_TOKENS | {"capacity": 1}
HALF_OF_CALLS = {"kind": "share", "ratio": 0.5, "floor": 0, "ttl": 50}
THROTTLE = {"kind": "throttle", "max_tokens": 4, "token_ratio": 0.5}
TWO = {"consecutive": 2, "open_for": 10}
SOON = {"consecutive": 1, "open_for": 1}
LATER = {"consecutive": 9, "open_for": 10}


def other(event, breaker=0):
    return {"breaker": breaker, "event": event}


def abandoned(phase, **details):
    return retry(abandoned=phase, **details)


TABLE = [
    # budgets
    ("each_retry_is_paid_for", {"budgets": [QUOTA]}, [(0, [FAIL] * 4, [1, 1, 1, "max_tries"], {"tokens": [5]})]),
    ("a_success_gives_back_the_cost_of_its_last_retry", {"budgets": [QUOTA]}, [(0, [FAIL, FAIL, OK], [1, 1, "accept"], {"tokens": [15]})]),
    ("a_success_without_a_retry_gives_a_token_back", {"budgets": [QUOTA]}, [(0, [FAIL, GIVE_UP], [1, "giveup"], {"tokens": [15]}), (1, [OK], ["accept"], {"tokens": [16]})]),
    ("a_retry_after_throttling_has_its_price", {"budgets": [QUOTA | {"throttled_cost": 2}]}, [(0, [retry(throttled=True), FAIL, OK], [1, 1, "accept"], {"tokens": [18]})]),
    ("a_retry_after_a_timeout_costs_more", {"budgets": [QUOTA]}, [(0, [retry(timeout=True), FAIL, OK], [1, 1, "accept"], {"tokens": [10]})]),
    ("a_budget_that_is_spent_refuses_the_retry", {"budgets": [TWO_TOKENS]}, [(0, [FAIL] * 3, [1, 1, "budget"], {"tokens": [0.03125]})]),
    ("another_call_may_spend_the_last_token", {"budgets": [ONE_TOKEN]}, [(0, [retry(events=[{"budget": 0, "event": "withdraw"}])], ["budget"], {"tokens": [0]})]),
    ("a_limit_that_is_reached_costs_nothing", {"budgets": [QUOTA], "policy": {"max_tries": 1}}, [(0, [FAIL], ["max_tries"], {"tokens": [20]})]),
    ("an_order_to_stop_costs_nothing_and_is_a_failure", {"budgets": [THROTTLE]}, [(0, [STOP], ["hint"], {"tokens": [3]})]),
    ("a_call_that_the_caller_gives_up_is_no_failure_for_a_throttle", {"budgets": [THROTTLE]}, [(0, [GIVE_UP], ["giveup"], {"tokens": [4]})]),
    ("each_call_deposits_once", {"budgets": [HALF_OF_CALLS]}, [(0, [OK], ["accept"], {"tokens": [0.5]}), (1, [FAIL, FAIL], [1, "budget"], {"tokens": [0]}), (9, [OK], ["accept"], {"tokens": [0.5]})]),
    ("a_dry_run_refuses_no_retry", {"budgets": [ONE_TOKEN | {"dry_run": True}]}, [(0, [FAIL] * 4, [1, 1, 1, "max_tries"], {})]),
    # two budgets
    ("both_budgets_pay", {"budgets": [QUOTA, TWO_TOKENS]}, [(0, [FAIL, GIVE_UP], [1, "giveup"], {"tokens": [15, 1.015625]})]),
    ("the_first_budget_is_paid_back_where_the_second_refuses", {"budgets": [QUOTA, ONE_TOKEN]}, [(0, [FAIL, FAIL], [1, "budget"], {"tokens": [15, 0.015625]})]),
    ("the_second_budget_pays_nothing_where_the_first_refuses", {"budgets": [ONE_TOKEN, QUOTA]}, [(0, [FAIL, FAIL], [1, "budget"], {"tokens": [0.015625, 15]})]),
    # breakers
    ("failures_open_the_breaker_and_end_the_call", {"breakers": [TWO]}, [(0, [FAIL, FAIL], [1, "breaker"], {"states": ["open"]})]),
    ("an_open_breaker_rejects_the_call_before_its_first_try", {"breakers": [TWO]}, [(0, [FAIL, FAIL], [1, "breaker"], {}), (2, [], ["breaker"], {"states": ["open"]})]),
    ("a_rejected_call_deposits_nothing", {"budgets": [HALF_OF_CALLS], "breakers": [SOON | {"open_for": 10}]}, [(0, [FAIL], ["breaker"], {"tokens": [0.5]}), (1, [], ["breaker"], {"tokens": [0.5]})]),
    ("nothing_is_paid_for_a_retry_that_a_breaker_rejects", {"budgets": [QUOTA], "breakers": [SOON | {"open_for": 10}]}, [(0, [FAIL], ["breaker"], {"tokens": [20]})]),
    ("a_wait_that_lasts_as_long_as_the_breaker_is_open_ends_in_a_probe", {"breakers": [SOON]}, [(0, [FAIL, OK], [1, "accept"], {"states": ["closed"]})]),
    (
        "a_retry_that_is_rejected_after_its_wait_is_paid_back",
        {"budgets": [QUOTA], "breakers": [LATER]},
        [(0, [retry(in_wait=[other("isolate")])], [1, "breaker"], {"tokens": [20], "states": ["isolated"]})],
    ),
    ("a_breaker_that_opens_in_a_try_lets_that_try_be_and_rejects_the_next", {"breakers": [LATER]}, [(0, [FAIL, retry(events=[other("force_open")])], [1, "breaker"], {"states": ["open"]})]),
    ("a_success_is_accepted_under_a_breaker_that_has_opened", {"breakers": [LATER]}, [(0, [OK | {"events": [other("isolate")]}], ["accept"], {"states": ["isolated"]})]),
    ("a_breaker_that_is_reset_in_the_wait_lets_the_retry_through", {"breakers": [SOON]}, [(0, [retry(in_wait=[other("reset")]), OK], [1, "accept"], {"states": ["closed"]})]),
    ("a_permanent_failure_is_a_success_for_the_breaker", {"breakers": [TWO]}, [(0, [FAIL, GIVE_UP], [1, "giveup"], {}), (1, [FAIL, OK], [1, "accept"], {"states": ["closed"]})]),
    ("an_order_to_stop_is_a_failure_for_the_breaker", {"breakers": [SOON]}, [(0, [STOP], ["hint"], {"states": ["open"]})]),
    (
        "an_outcome_can_be_counted_otherwise_than_it_is_judged",
        {"breakers": [SOON]},
        [(0, [retry(health="success"), OK], [1, "accept"], {"states": ["closed"]}), (9, [OK | {"health": "failure"}], ["accept"], {"states": ["open"]})],
    ),
    ("a_rejection_inside_is_neutral", {"breakers": [TWO]}, [(0, [retry(rejection=True)] * 4, [1, 1, 1, "max_tries"], {"states": ["closed"]})]),
    (
        "a_rejection_that_is_given_up_does_not_end_a_row_of_failures",
        {"breakers": [TWO]},
        [(0, [FAIL, GIVE_UP | {"rejection": True}], [1, "giveup"], {}), (2, [FAIL], ["breaker"], {"states": ["open"]})],
    ),
    ("a_rejection_inside_is_a_failure_for_a_throttle", {"budgets": [THROTTLE]}, [(0, [retry(rejection=True)] * 2, [1, "budget"], {"tokens": [2]})]),
    ("a_breaker_in_a_dry_run_rejects_no_call", {"breakers": [SOON | {"dry_run": True, "open_for": 10}]}, [(0, [FAIL] * 4, [1, 1, 1, "max_tries"], {"states": ["open"]})]),
    (
        "a_slow_try_is_timed_from_its_own_begin",
        {"breakers": [{"slow_rate": 1, "slow_after": 0.5, "min_calls": 2}]},
        [(0, [FAIL, retry(takes=0.5), retry(takes=0.75), OK], [1, 1, 1, "accept"], {"states": ["closed"]})],
    ),
    # two breakers
    ("either_breaker_may_reject_the_call", {"breakers": [LATER, SOON | {"open_for": 10}]}, [(0, [FAIL], ["breaker"], {"states": ["closed", "open"]}), (1, [], ["breaker"], {})]),
    (
        "a_probe_that_another_breaker_rejects_goes_back",
        {"breakers": [SOON, LATER]},
        [(0, [retry(in_wait=[other("isolate", 1)])], [1, "breaker"], {"states": ["half_open", "isolated"]}), (1, [], ["breaker"], {"states": ["half_open", "isolated"]})],
    ),
    ("both_breakers_count_each_try", {"breakers": [TWO, TWO | {"consecutive": 3}]}, [(0, [FAIL, FAIL], [1, "breaker"], {"states": ["open", "closed"]})]),
    # calls that are dropped
    ("a_call_that_is_dropped_in_its_wait_gets_its_tokens_back", {"budgets": [QUOTA]}, [(0, [abandoned("wait")], [1], {"tokens": [20]})]),
    ("a_retry_that_is_dropped_before_it_begins_is_paid_back", {"budgets": [QUOTA], "breakers": [TWO]}, [(0, [FAIL, abandoned("begin")], [1], {"tokens": [20], "states": ["closed"]})]),
    ("a_retry_that_is_dropped_in_its_try_stays_paid", {"budgets": [QUOTA], "breakers": [TWO]}, [(0, [FAIL, abandoned("try", takes=1)], [1], {"tokens": [15], "states": ["closed"]})]),
    ("a_call_that_is_dropped_before_its_first_try_is_neutral", {"budgets": [HALF_OF_CALLS], "breakers": [SOON]}, [(0, [abandoned("begin")], [], {"tokens": [0.5], "states": ["closed"]})]),
    ("a_probe_that_is_dropped_frees_its_place", {"breakers": [SOON]}, [(0, [FAIL, abandoned("try")], [1], {"states": ["half_open"]}), (1, [OK], ["accept"], {"states": ["closed"]})]),
    (
        "a_probe_that_is_dropped_before_it_begins_frees_its_place",
        {"breakers": [SOON]},
        [(0, [FAIL, abandoned("begin")], [1], {"states": ["half_open"]}), (1, [OK], ["accept"], {"states": ["closed"]})],
    ),
    ("two_budgets_are_paid_back_for_a_call_that_is_dropped", {"budgets": [QUOTA, TWO_TOKENS]}, [(0, [abandoned("wait")], [1], {"tokens": [20, 2]})]),
]
