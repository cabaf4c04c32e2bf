"""Questions that rules ask about a scenario or a trace."""

import copy


def decorators(scenario, kind=None):
    return [spec for spec in scenario["decorators"] if kind in (None, spec["on"])]


def any_option(scenario, holds):
    """Returns whether `holds(name, value)` for an option or a wait keyword of any decorator."""
    return any(
        holds(name, value)
        for spec in scenario["decorators"]
        for name, value in [
            *spec.items(),
            *spec["wait"].items(),
            *spec["wait"].get("kwargs", {}).items(),
        ]
    )


def mentions(value, key):
    """Returns whether a JSON value holds an object with this key, however deep."""
    if isinstance(value, dict):
        return key in value or any(mentions(item, key) for item in value.values())
    if isinstance(value, list):
        return any(mentions(item, key) for item in value)
    return False


def handlers(scenario, *names):
    return [
        one
        for spec in scenario["decorators"]
        for name in names
        for one in (spec.get(name) or {}).get("handlers", ())
    ]


def events(trace, kind):
    return [event for event in trace if event[0] == kind]


def changed(scenario):
    return copy.deepcopy(scenario)


def without_times(trace):
    """The trace with `elapsed` taken out, and the list of the values taken."""
    bare, taken = copy.deepcopy(trace), []
    for event in events(bare, "details"):
        taken.append(event[2].pop("elapsed", None))
    return bare, taken
