"""Settles differences between the originals. Each function takes the scenario and both traces and returns both as wanted."""

import copy

from look import decorators, events, handlers, mentions

ALIVE = "exceptions still alive"
OUTER = {
    "is": "LookupError('handled by the caller')",
    "notes": [],
    "cause": None,
    "context": None,
    "context hidden": False,
}


def always(scenario):
    return True


def in_context(scenario):
    return scenario["kind"] == "context"


def has_on_try(scenario):
    return any("on_try" in spec for spec in scenario["decorators"])


def as_new(scenario, old, new):
    return copy.deepcopy(new), new


def as_old(scenario, old, new):
    return old, copy.deepcopy(old)


# The wait strategy ended


def waits_ran_out(scenario, old, new):
    """Both originals look for the end of the waits with `except StopIteration`, which shows in what handlers, logs and callers see."""
    for at, event in enumerate(old):
        twin = new[at] if at < len(new) else None
        if event[0] == "log" and twin and twin[0] == "log" and _logged_ran_out(event[4][-1]):
            event[4:6] = twin[4:6]
    for trace in (old, new):
        failed = "None"
        for event in trace:
            if event[0] == "target raises":
                failed = event[1]
            if event[0] == "details" and _ran_out(event[3]):
                event[3] = (
                    outside(scenario)
                    if in_context(scenario)
                    else event[2].get("exception", outside(scenario))
                )
            if event[0] == "log" and event[1] == "user" and _ran_out(event[6]):
                event[6] = failed
    for event, twin in zip(events(old, "raises"), events(new, "raises")):
        if _take_out(event[1], scenario) and event[1]["is"] == twin[1]["is"]:
            twin[1] = copy.deepcopy(event[1])
        _take_out(twin[1], scenario)
    _give_causes_back(old)
    _give_causes_back(new)
    return old, new


def _ran_out(shown):
    return shown == "StopIteration()" or (shown.startswith("StopIteration(") and "jitter" in shown)


def _logged_ran_out(shown):
    return shown == "'StopIteration'" or ("StopIteration: inside" in shown and "jitter" in shown)


def outside(scenario):
    """The exception that is active where no target has failed."""
    return OUTER["is"] if scenario.get("in_except") else "None"


def _take_out(record, scenario):
    """The caller's own error comes back as it was raised, its context and cause untouched. True if it did not before."""
    context = record["context"]
    if not context or context == "…":
        return False
    if not _ran_out(context["is"]):
        return _take_out(context, scenario)
    is_targets_own = "inside" not in record["is"]
    record["context"] = (
        OUTER if scenario.get("in_except") and is_targets_own else context["context"]
    )
    record["context hidden"] = record["cause"] is not None
    return True


def _give_causes_back(trace):
    shown = cause = None
    for event in trace:
        if event[0] == "target raises":
            _, shown, cause = event
        elif event[0] == "raises" and cause and event[1]["is"] == shown:
            event[1]["cause"] = {**OUTER, "is": cause}
            event[1]["context hidden"] = True


def must_not_raise(scenario):
    return any(
        spec.get("raise_on_giveup") is False and mentions(spec["wait"], "seq")
        for spec in scenario["decorators"]
    )


def return_none(scenario, old, new):
    return [["returns", "None"] if event[0] == "raises" else event for event in old], [
        ["returns", "None"] if event[0] == "raises" else event for event in new
    ]


# on_predicate


def has_predicate(scenario):
    return bool(decorators(scenario, "predicate"))


def value_as_new(scenario, old, new):
    for event, twin in zip(old, new):
        if (
            event[0] == twin[0] == "details"
            and "on_giveup" in event[1]
            and "value" in twin[2]
            and "value" not in event[2]
        ):
            event[2]["value"] = twin[2]["value"]
            event[2] = {key: event[2][key] for key in twin[2]}
    return old, new


def log_as_new(scenario, old, new):
    """backoff 2.2.1 logs whatever exception its caller is just handling in place of the value."""
    for event, twin in zip(old, new):
        if (
            scenario.get("in_except")
            and event[0] == twin[0] == "log"
            and "'LookupError: handled by the caller'" in event[4][-1]
        ):
            event[4][-1] = twin[4][-1]
            event[5] = event[5][: event[5].rindex(" (")] + twin[5][twin[5].rindex(" (") :]
    return old, new


# on_exception


def has_exception_layer(scenario):
    return scenario["kind"] == "calls" and bool(decorators(scenario, "exception"))


def exception_is_active(scenario, old, new):
    for trace in (old, new) if has_on_try(scenario) else (new,):
        failed = "None"
        for event in trace:
            if event[0] == "target raises":
                failed = event[1]
            elif _in_failure(event, scenario):
                event[3] = failed
            elif event[0] == "log" and event[1] == "user" and event[6] in ("None", OUTER["is"]):
                event[6] = failed
    return old, new


def _in_failure(event, scenario):
    """Returns whether the event happened between a failed try of an `on_exception` and its next try."""
    if event[0] not in ("ask", "details") or len(event) < 4:
        return False
    layer, what, *_ = event[1].split()
    return scenario["decorators"][int(layer)]["on"] == "exception" and what in (
        "giveup",
        "jitter",
        "on_backoff",
        "on_giveup",
    )


def callback_may_raise(scenario):
    return bool(decorators(scenario, "exception")) and (
        "interrupt" in scenario
        or mentions(scenario["decorators"], "raise")
        or any(
            one.get("do") in ("raise", "raise again")
            for one in handlers(scenario, "on_success", "on_backoff", "on_giveup")
        )
        or any(spec["wait"]["gen"] == "failing" for spec in scenario["decorators"])
    )


def takes_time(scenario):
    return len(scenario["decorators"]) > 1 or _has(scenario, "takes")


def _has(scenario, word):
    return mentions([scenario["decorators"], scenario.get("target")], word)


def elapsed_as_new(scenario, old, new):
    """The number alone differs where the time decided nothing."""
    for event, twin in zip(old, new):
        if event[0] == twin[0] == "details" and event[1] == twin[1]:
            event[2]["elapsed"] = twin[2]["elapsed"]
    return (
        as_new(scenario, old, new)
        if _has(scenario, "takes") and _has(scenario, "max_time")
        else (old, new)
    )


def raises_stop_iteration(scenario):
    return "target" in scenario and any(
        line.get("raise") in ("StopIteration", "StopAsyncIteration")
        for line in scenario["target"]["script"]
    )


# Waits


def has_nullary_jitter(scenario):
    return any(
        (spec.get("jitter") or {}) in ({"do": "nullary"}, {"do": "random.random"})
        for spec in scenario["decorators"]
    )


def by_hand(scenario):
    return scenario["kind"] == "generator"


def first_as_old(scenario, old, new):
    new[0] = old[0]
    return old, new


def uses_expo(scenario):
    return _uses("expo", scenario) and any(
        isinstance(number, float) for wait in _waits(scenario) for number in _numbers(wait)
    )


def _numbers(wait):
    for value in wait.get("kwargs", {}).values():
        yield value["call"] if isinstance(value, dict) and "call" in value else value


def uses_decay(scenario):
    return _uses("decay", scenario)


def _uses(gen, scenario):
    return any(wait["gen"] == gen for wait in _waits(scenario))


def _waits(scenario):
    return (
        [scenario["wait"]]
        if "wait" in scenario
        else [spec["wait"] for spec in scenario["decorators"]]
    )


def has_fraction(scenario):
    return mentions(scenario, "fraction")


# What is left behind


def frames_as_old(scenario, old, new):
    for event, twin in zip(events(old, "raises"), events(new, "raises")):
        twin[3] = event[3]
    return old, new


def alive_as_old(scenario, old, new):
    """None, but for those that callbacks keep, and the last one, which an attempt may still be asked for."""
    asked_for = in_context(scenario) and mentions(scenario["decorators"], "raise_on_giveup")
    for event, twin in zip(events(old, ALIVE), events(new, ALIVE)):
        if not callback_may_raise(scenario) and not asked_for:
            event[1] = 0
        twin[1:] = event[1:]
    return old, new
