"""The wish behind a scenario, spelled so that the originals can fulfil it."""

import json

from look import decorators, mentions


def decorator_used_before(scenario):
    return any("used before" in spec for spec in scenario["decorators"])


def use_once(scenario):
    for spec in scenario["decorators"]:
        spec.pop("used before", None)
    return scenario


def not_a_function(scenario):
    return scenario["kind"] == "calls" and scenario["target"]["shape"] in (
        "partial",
        "object",
        "async object",
    )


def plain_function(scenario):
    scenario["target"]["shape"] = "function"
    return scenario


def name_the_function(trace):
    """A log line names what was decorated; here that is something else than a function."""
    for event in trace:
        if event[0] == "log" and event[3].startswith(("Backing off %s", "Giving up %s")):
            name = json.loads(event[4][0].replace("'", '"'))
            event[4][0] = "'the target'"
            event[5] = event[5].replace(f"{name}(...)", "the target(...)", 1)
        if event[0] == "decorated":
            del event[1:]
        if event[0] == "raises":
            event[2] = [frame for frame in event[2] if frame != "__call__"]
    return trace


def generator_function(scenario):
    return scenario["kind"] == "calls" and scenario["target"]["shape"] == "generator"


def begins_by_itself(scenario):
    scenario["target"]["shape"] = "items"
    return scenario


def forget_the_looks(trace):
    """A generator function is no coroutine function."""
    return [event for event in trace if event[0] != "decorated"]


def more_options(scenario):
    return any("hint" in spec or "last_wait" in spec for spec in scenario["decorators"])


def without_more_options(scenario):
    for spec in scenario["decorators"]:
        spec.pop("hint", None)
        spec.pop("last_wait", None)
    return scenario


def has_notes(scenario):
    return "target" in scenario and mentions(scenario["target"]["script"], "notes")


def without_notes(scenario):
    for line in scenario["target"]["script"]:
        line.pop("notes", None)
    return scenario


def forget_notes(trace):
    def forget(record):
        if record and record != "…":
            record["notes"] = []
            forget(record["cause"])
            forget(record["context"])

    for event in trace:
        if event[0] == "raises":
            forget(event[1])
    return trace


def has_timedelta(scenario):
    return mentions(scenario, "timedelta")


def in_seconds(value):
    if isinstance(value, dict):
        return (
            value["timedelta"]
            if "timedelta" in value
            else {key: in_seconds(item) for key, item in value.items()}
        )
    return [in_seconds(item) for item in value] if isinstance(value, list) else value


def configured(scenario):
    return any(spec["wait"].get("configured") for spec in scenario["decorators"])


def not_configured(scenario):
    for spec in scenario["decorators"]:
        spec["wait"].pop("configured", None)
    return scenario


def async_predicate_or_jitter(scenario):
    return scenario["async"] and any(
        _async(spec, name) for spec in scenario["decorators"] for name in ("predicate", "jitter")
    )


def as_sync(scenario):
    for spec in scenario["decorators"]:
        for name in ("predicate", "jitter"):
            if _async(spec, name):
                del spec[name]["async"]
    return scenario


def _async(spec, name):
    return isinstance(spec.get(name), dict) and "async" in spec[name]


def cancelled_unnamed(scenario):
    return any("BaseException" in spec["exception"] for spec in decorators(scenario, "exception"))


def only_exceptions(scenario):
    for spec in decorators(scenario, "exception"):
        spec["exception"] = [
            "Exception" if name == "BaseException" else name for name in spec["exception"]
        ]
    return scenario


def level_as_imported(scenario):
    return scenario.get("logger_levels") == {}


def level_open(scenario):
    return {**scenario, "logger_levels": {"backoff": 1}}


def option_raises_type_error(scenario):
    return any(map(_raises_type_error, _option_specs(scenario)))


def raise_runtime_error(scenario):
    for option in filter(_raises_type_error, _option_specs(scenario)):
        option["raise"] = "RuntimeError"
    return scenario


def name_runtime_error(trace):
    return json.loads(json.dumps(trace).replace("TypeError('inside", "RuntimeError('inside"))


def _option_specs(scenario):
    for spec in scenario["decorators"]:
        yield from (
            spec.get("jitter"),
            spec.get("max_tries"),
            spec.get("max_time"),
            *spec["wait"].get("kwargs", {}).values(),
        )


def _raises_type_error(option):
    return isinstance(option, dict) and option.get("raise") == "TypeError"
