"""The parts that scenarios are mixed from. Probabilities are chosen so that most calls see a few retries."""

import json

TICK = 1 / 64
HANDLERS = ("on_success", "on_backoff", "on_giveup")
RETURNS_TO_RETRY = (None, 0, "", False)
ERRORS = (
    "ValueError",
    "OSError",
    "KeyError",
    "Boom",
    "Custom",
    "Unprintable",
    "ZeroDivisionError",
    "TypeError",
    "AssertionError",
)
ARGS = (None, None, None, [], ["one\ntwo"], ["100% %s"], ["a", 2])


def calls(rng, retried="either", callbacks_raise=True):
    """A decorated target that is called once or twice."""
    is_async = rng.random() < 0.45
    layers = rng.choices((1, 2, 3), (85, 12, 3))[0]
    decorators = [decorator(rng, is_async, retried, callbacks_raise) for _ in range(layers)]
    for outer in decorators[1:]:
        # the originals know nothing of deadlines around them: `test_deadlines.py` has those
        outer.pop("max_time", None)
    if layers > 1:
        callbacks_raise = callbacks_raise and keep_comparable(decorators)
    kinds = {spec["on"] for spec in decorators}
    scenario = {
        "kind": "calls",
        "async": is_async,
        "target": target(rng, is_async, kinds, decorators),
        "decorators": decorators,
        "logger_levels": {"backoff": 1},
    }
    if rng.random() < 0.06:
        scenario["in_except"] = True
    if callbacks_raise and rng.random() < 0.06:
        scenario["interrupt"] = {
            "at": rng.randint(1, 3),
            "raise": rng.choice(("KeyboardInterrupt", "CancelledError", "OSError")),
        }
    return scenario


def keep_comparable(decorators):
    """Nested decorators without what makes the originals part ways in the middle, where no rule could follow.

    Waits that run out and a handler that raises have tests of their own, the two at once in several layers
    have none. False if no callback raises.
    """
    if '"raise' not in json.dumps(decorators) and not any(
        spec["wait"]["gen"] == "failing" for spec in decorators
    ):
        return False
    for spec in decorators:
        for one in [one for name in HANDLERS for one in spec.get(name, {}).get("handlers", ())]:
            if one.get("do") == "raise again":
                one["do"] = "log exception"
            if one.get("type") == "StopIteration":
                one["type"] = "RuntimeError"
        jitter = spec.get("jitter") or {}
        if "raise" in jitter and jitter["raise"] == "StopIteration":
            jitter["raise"] = "KeyError"
        if may_run_out({**spec, "jitter": None}):
            spec["wait"] = {"gen": "fibo", "kwargs": {}}
    return True


def target(rng, is_async, kinds, decorators):
    named = [name for spec in decorators for name in spec.get("exception", ())] or ["ValueError"]
    spec = {
        "async": is_async,
        "shape": rng.choices(("function", "method"), (9, 1))[0],
        "script": script(rng, kinds, named),
    }
    if rng.random() < 0.3:
        spec["args"] = [rng.choice((1, "x", None, 2.5))]
        spec["kwargs"] = {"key": rng.choice((1, "y", [1, 2]))}
    if rng.random() < 0.15:
        spec["calls"] = 2
    return spec


def script(rng, kinds, named):
    lines = []
    for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 3, 4, 5, 7, 12))):
        if (
            "predicate" in kinds
            and ("exception" not in kinds or rng.random() < 0.5)
            and rng.random() < 0.95
        ):
            lines.append({"return": rng.choice(RETURNS_TO_RETRY)})
        else:
            lines.append(failure(rng, named))
    if rng.random() < 0.5:
        lines.append({"return": rng.choice((1, "text", [1], 2.5))})
    return lines


def failure(rng, named):
    name = rng.choice(named) if rng.random() < 0.92 else rng.choice(ERRORS)
    line = {"raise": name}
    args = rng.choice(ARGS)
    if args is not None and name != "Custom":
        line["args"] = args
    if rng.random() < 0.08:
        line["cause"] = "LookupError"
    return line


def decorator(rng, is_async, retried="either", callbacks_raise=True):
    kind = rng.choice(("exception", "exception", "predicate")) if retried == "either" else retried
    spec = {"on": kind, "wait": wait(rng, callbacks_raise)}
    if kind == "exception":
        spec["exception"] = rng.choice(
            (
                ["Exception"],
                ["ValueError"],
                ["OSError", "ValueError"],
                ["LookupError", "Boom"],
                ["Custom", "Unprintable"],
            )
        )
        if rng.random() < 0.3:
            spec["giveup"] = asked(
                rng,
                ("never", "on_type", "on_text", "always"),
                (5, 4, 4, 1),
                is_async,
                callbacks_raise,
            )
    elif rng.random() < 0.5:
        spec["predicate"] = asked(
            rng, ("is_none", "is_falsy", "never", "truthy"), (3, 3, 1, 3), False, callbacks_raise
        )
    limits(rng, spec)
    if rng.random() < 0.6:
        spec["jitter"] = jitter(rng, callbacks_raise)
    for name in HANDLERS:
        if rng.random() < 0.4:
            spec[name] = handlers(
                rng,
                is_async,
                callbacks_raise,
                on_failure=kind == "exception" and name != "on_success",
            )
    logging(rng, spec)
    if kind == "exception" and rng.random() < 0.25 and not may_run_out(spec):
        spec["raise_on_giveup"] = rng.random() < 0.3
    if may_run_out(spec):
        for one in spec.get("on_giveup", {}).get("handlers", ()):
            if one.get("do") == "raise again":
                one["do"] = "log exception"
    return spec


def may_run_out(spec):
    """Returns whether the waits may end; what a jitter raises counts too."""
    return spec["wait"]["gen"] in ("constant", "countdown", "object", "eager") or "raise" in (
        spec.get("jitter") or {}
    )


def asked(rng, answers, weights, may_be_async, may_raise):
    spec = {"do": rng.choices(answers, weights)[0]}
    if may_be_async and rng.random() < 0.5:
        spec["async"] = True
    if may_raise and rng.random() < 0.08:
        spec.update(
            {
                "raise": rng.choice(("ValueError", "RuntimeError", "KeyError", "TypeError")),
                "at": rng.randint(1, 3),
            }
        )
    return spec


def limits(rng, spec):
    if rng.random() < 0.65:
        spec["max_tries"] = option(rng, rng.choice((1, 2, 3, 3, 4, 5, 8, None)))
    if rng.random() < 0.35:
        spec["max_time"] = option(rng, rng.choice((0, 1, 2, 3.5, 10, 0.25, 60, None)))


def option(rng, value):
    return {"call": value} if rng.random() < 0.2 else value


def jitter(rng, may_raise):
    plain = rng.choice((None, None, "full_jitter", "random_jitter", "own"))
    if plain != "own":
        return plain
    spec = {"do": rng.choice(("half", "same", "floor", "spread", "float", "abs"))}
    if may_raise and spec["do"] not in ("float", "abs") and rng.random() < 0.15:
        spec.update(
            {
                "raise": rng.choice(("ValueError", "RuntimeError", "StopIteration", "KeyError")),
                "at": rng.randint(1, 3),
            }
        )
    return spec


def handlers(rng, is_async, may_raise, on_failure):
    shape = rng.choice(("single", "single", "list", "tuple", "iterator"))
    count = 1 if shape == "single" else rng.randint(0, 3)
    return {
        "as": shape,
        "handlers": [handler(rng, is_async, may_raise, on_failure) for _ in range(count)],
    }


def handler(rng, is_async, may_raise, on_failure):
    spec = {}
    if is_async and rng.random() < 0.5:
        spec["async"] = True
    deed = rng.random()
    if deed < 0.15:
        spec["do"] = rng.choice(("add to details", "change the wait", "add to kwargs"))
    elif may_raise and deed < 0.22:
        spec.update(
            {
                "do": "raise",
                "type": rng.choice(
                    (
                        "RuntimeError",
                        "ValueError",
                        "OSError",
                        "StopIteration" if not is_async else "KeyError",
                    )
                ),
            }
        )
    elif may_raise and on_failure and deed < 0.27:
        spec["do"] = rng.choice(("raise again", "log exception"))
    if "do" in spec and rng.random() < 0.5:
        spec["at"] = 2
    return spec


def logging(rng, spec):
    if rng.random() < 0.5:
        spec["logger"] = rng.choice(
            (None, "other", "other.below", {"object": "other"}, {"adapter": "other"}, "backoff")
        )
    if rng.random() < 0.2:
        spec["backoff_log_level"] = rng.choice((20, 30, 35, 10))
    if rng.random() < 0.2:
        spec["giveup_log_level"] = rng.choice((20, 30, 50, 10))


def wait(rng, may_raise=True):
    gen = rng.choices(
        (
            "expo",
            "fibo",
            "constant",
            "runtime",
            "decay",
            "countdown",
            "echo",
            "object",
            "eager",
            "failing",
        ),
        (30, 12, 20, 8, 6, 6, 5, 4, 3, 2 if may_raise else 0),
    )[0]
    if gen == "runtime":
        return {"gen": gen, "seconds": rng.choice((1, 0.5, 0, 7))}
    choices = {
        "expo": {
            "base": (2, 3, 1.5, 1.1, 0.5),
            "factor": (1, 0.1, 3, 0.25),
            "max_value": (8, 2.5, 0.3, None, 60),
        },
        "fibo": {"max_value": (5, 4, 1, 13, 2.5, None)},
        "constant": {"interval": (1, 0, 0.1, 3, 2.5)},
        "decay": {
            "initial_value": (1, 10, 0.7),
            "decay_factor": (1, 0.3, 2),
            "min_value": (0.5, None, 0),
        },
        "countdown": {"start": (1, 2, 3), "step": (1, 0.7)},
        "echo": {"wait": (0.5, 1)},
        "object": {"most": (0, 1, 3)},
        "eager": {},
        "failing": {"at": (1, 2, 3)},
    }[gen]
    kwargs = {
        key: option(rng, rng.choice(among)) for key, among in choices.items() if rng.random() < 0.5
    }
    if gen == "constant" and rng.random() < 0.5:
        kwargs["interval"] = {
            "seq": [rng.choice((1, 0, 0.5, 2)) for _ in range(rng.randint(0, 4))],
            "as": rng.choice(("list", "tuple", "iterator", "range")),
        }
    if gen == "eager" and rng.random() < 0.5:
        kwargs["waits"] = {"seq": [0.5, 1, 2.25], "as": "tuple"}
    return {"gen": gen, "kwargs": kwargs}
