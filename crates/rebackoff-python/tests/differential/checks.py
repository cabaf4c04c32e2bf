"""The errors that rebackoff must raise where the originals accept nonsense or fail later."""

from look import events, mentions


def wrong_max_tries(scenario):
    return any(
        _is_wrong(spec["max_tries"]) for spec in scenario["decorators"] if "max_tries" in spec
    )


def _is_wrong(value):
    if isinstance(value, dict):
        return "text" in value or ("call" in value and _is_wrong(value["call"]))
    return value is not None and (not isinstance(value, int) or value < 1)


def refused_naming(word):
    def complaint(scenario, ours):
        kind = (
            "raises"
            if mentions(scenario["decorators"], "call") and not events(ours, "decoration fails")
            else "decoration fails"
        )
        return _wants(ours, kind, ("ValueError", "TypeError"), word)

    return complaint


def option_wants_argument(scenario):
    return mentions(scenario["decorators"], "needs")


def type_error(scenario, ours):
    """A TypeError, but for an option that takes the arguments of the call."""
    if events(ours, "try"):
        return ""
    kind = "decoration fails" if events(ours, "decoration fails") else "raises"
    return _wants(ours, kind, ("TypeError",), "")


def misspelt(scenario):
    return mentions(scenario["decorators"], "extra")


def refused_naming_the_option(scenario, ours):
    (name,) = scenario["decorators"][0]["extra"]
    return _wants(ours, "decoration fails", ("TypeError",), name)


def async_callback_on_sync(scenario):
    return not scenario["async"] and (mentions(scenario["decorators"], "async"))


def refused_as_async(scenario, ours):
    return _wants(ours, "decoration fails", ("TypeError",), "async")


def negative(scenario):
    return any(
        spec.get("jitter") == {"do": "negative"}
        or spec["wait"].get("kwargs", {}).get("interval") == -2
        for spec in scenario["decorators"]
    )


def names_the_source(scenario, ours):
    word = "jitter" if scenario["decorators"][0].get("jitter") else "interval"
    kind = "decoration fails" if events(ours, "decoration fails") else "raises"
    return _wants(ours, kind, ("ValueError",), word) or (
        "it slept" if events(ours, "sleep") else ""
    )


def runtime_says_none(scenario):
    return any(
        spec["wait"]["gen"] == "runtime" and spec["wait"]["seconds"] is None
        for spec in scenario["decorators"]
    )


def gives_up_at_once(scenario, ours):
    """The outcome of the one try comes back, and handlers are told why."""
    calls = scenario["target"].get("calls", 1)
    if events(ours, "sleep") or len(events(ours, "try")) != calls:
        return f"it goes on: {ours}"
    errors = [event[1] for event in events(ours, "target raises")]
    raised = [event[1]["is"] for event in events(ours, "raises")]
    if len(events(ours, "returns") + raised) != calls or not set(raised) <= set(errors):
        return f"it ends otherwise: {ours[-4:]}"
    told = [event[2].get("reason") for event in events(ours, "details") if "on_giveup" in event[1]]
    return "" if set(told) <= {"'exhausted'"} else f"its reasons are {told}"


def thousands(scenario):
    return any(
        isinstance(spec.get("max_tries"), int)
        and (spec["max_tries"] > 300 or spec["wait"].get("kwargs", {}).get("base") == 1e200)
        for spec in scenario["decorators"]
    )


def never_overflows(scenario, ours):
    """All tries are made, and what is slept never shrinks (without jitter) and is a number."""
    (spec,) = scenario["decorators"]
    waits = [float(event[1]) if len(event[1]) < 300 else 1e300 for event in events(ours, "sleep")]
    if len(waits) != spec["max_tries"] - 1:
        return f"{len(waits)} waits: {ours[-4:]}"
    if not all(0 <= wait for wait in waits):
        return "a wait is negative or no number"
    if spec["jitter"] is None and waits != sorted(waits):
        return "the waits shrink"
    return "" if events(ours, "returns") else f"it does not return: {ours[-4:]}"


def _wants(ours, kind, errors, word):
    found = events(ours, kind)
    if not found:
        return f"expected that it {kind}, but: {ours[-4:]}"
    shown = found[0][1]["is"]
    if not shown.startswith(errors) or word not in shown:
        return f"expected {' or '.join(errors)} that mentions {word!r}, but: {shown}"
    return ""
