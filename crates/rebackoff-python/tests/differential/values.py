"""Option values as a scenario spells them in JSON, made real."""

import datetime
import fractions

import errors


def make(spec, trace, name):
    """A number, text or None stands for itself; an object says what it becomes."""
    if not isinstance(spec, dict):
        return spec
    ((kind, content), *_) = spec.items()
    if kind == "call":
        return _option_callable(spec, trace, name)
    if kind == "needs":
        return lambda wanted: make(content, trace, name)
    if kind == "seq":
        items = [make(item, trace, name) for item in content]
        return {
            "list": list,
            "tuple": tuple,
            "iterator": iter,
            "range": lambda found: range(len(found)),
        }[spec["as"]](items)
    if kind == "timedelta":
        return datetime.timedelta(seconds=content)
    if kind == "fraction":
        return fractions.Fraction(*content)
    if kind == "text":
        return content
    raise ValueError(f"unknown value {spec!r}")


def _option_callable(spec, trace, name):
    def option():
        trace.add("ask", name)
        if "raise" in spec:
            errors.raise_it(spec, f"inside {name}")
        return make(spec["call"], trace, name)

    return option
