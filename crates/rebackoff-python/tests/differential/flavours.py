"""The subject of a scenario: mostly a free mix, else one subject each, where the originals differ or rebackoff mends them."""

import ingredients
from ingredients import TICK, decorator, target


def pick(rng):
    """One of the functions of this module that make a scenario."""
    return rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]


def free_mix(rng):
    return ingredients.calls(rng)


def on_exception_mix(rng):
    return ingredients.calls(rng, "exception")


def on_predicate_mix(rng):
    return ingredients.calls(rng, "predicate")


def simple(rng, retried="either", **changes):
    """One decorator whose callbacks raise nothing, and a target that fails a few times: `changes` go into the decorator."""
    is_async = changes.pop("is_async", rng.random() < 0.4)
    spec = decorator(rng, is_async, retried, callbacks_raise=False)
    spec.update(changes)
    spec = {key: value for key, value in spec.items() if value != "absent"}
    found = {
        "kind": "calls",
        "async": is_async,
        "target": target(rng, is_async, {spec["on"]}, [spec]),
        "decorators": [spec],
        "logger_levels": {"backoff": 1},
    }
    found["target"]["script"] = failures(rng, spec, rng.randint(2, 5))
    return found


def failures(rng, spec, count):
    if spec["on"] == "predicate":
        spec.pop("predicate", None)
        return [{"return": rng.choice(ingredients.RETURNS_TO_RETRY)} for _ in range(count)]
    spec["exception"] = ["Exception"]
    return [ingredients.failure(rng, ["ValueError"]) for _ in range(count)]


def waits_by_hand(rng):
    gen = rng.choice(("expo", "expo", "fibo", "constant", "decay", "runtime"))
    wait = ingredients.wait(rng)
    while wait["gen"] != gen:
        wait = ingredients.wait(rng)
    for key, value in wait.get("kwargs", {}).items():
        if isinstance(value, dict) and "call" in value:
            wait["kwargs"][key] = value["call"]
    return {
        "kind": "generator",
        "async": False,
        "decorators": [],
        "wait": wait,
        "take": rng.choice((3, 10, 40)),
        "send": gen == "runtime" or rng.random() < 0.2,
    }


def target_takes_time(rng):
    scenario = ingredients.calls(rng, callbacks_raise=False)
    return _timed(rng, scenario)


def on_try_handler(rng):
    is_async = rng.random() < 0.4
    scenario = simple(
        rng, is_async=is_async, on_try=ingredients.handlers(rng, is_async, False, False)
    )
    return _timed(rng, scenario) if rng.random() < 0.5 else _exact_waits(rng, scenario)


def retry_context(rng):
    scenario = (
        on_try_handler(rng) if rng.random() < 0.5 else _exact_waits(rng, simple(rng, "exception"))
    )
    spec = scenario["decorators"][0]
    if spec["on"] != "exception":
        return retry_context(rng)
    for name in ("on_try", "on_success", "on_backoff", "on_giveup"):
        for one in spec.get(name, {"handlers": []})["handlers"]:
            if one.get("do") == "add to kwargs":
                del one["do"]
    for line in scenario["target"]["script"]:
        if (
            line.get("raise") == "Unprintable"
        ):  # the log line of a context holds the exception itself
            line["raise"] = "ValueError"
    scenario["kind"] = "context"
    scenario["target"] = {
        "async": scenario["async"],
        "shape": "function",
        "script": scenario["target"]["script"],
    }
    return scenario


def _timed(rng, scenario):
    for line in scenario["target"]["script"]:
        line["takes"] = rng.choice((0, TICK, 0.5, 1.25))
    return _exact_waits(rng, scenario)


def _exact_waits(rng, scenario):
    """Waits that multiplication and powers agree on, to the last digit and the type."""
    for spec in scenario["decorators"]:
        kwargs = spec["wait"].get("kwargs", {})
        if spec["wait"]["gen"] == "expo":
            spec["wait"]["kwargs"] = {
                key: value
                for key, value in {
                    "base": rng.choice((2, 3)),
                    "max_value": kwargs.get("max_value", "absent"),
                }.items()
                if value != "absent"
            }
        if spec["wait"]["gen"] == "decay":
            spec["wait"] = {"gen": "fibo", "kwargs": {}}
    return scenario


def stop_iteration_from_target(rng):
    scenario = simple(rng, "exception")
    name = "StopAsyncIteration" if scenario["async"] else "StopIteration"
    for line in scenario["target"]["script"]:
        if rng.random() < 0.8:
            line.update({"raise": name, "args": [1]})
    return scenario


def nullary_jitter(rng):
    return simple(
        rng,
        jitter={"do": rng.choice(("nullary", "random.random"))},
        wait={"gen": rng.choice(("expo", "fibo")), "kwargs": {}},
    )


def jitter_raises_type_error(rng):
    return simple(rng, jitter={"do": "half", "raise": "TypeError", "at": rng.randint(1, 2)})


def fraction_as_interval(rng):
    return simple(
        rng,
        wait={"gen": "constant", "kwargs": {"interval": {"fraction": [1, 2]}}},
        jitter="full_jitter",
    )


def max_tries_is_wrong(rng):
    wrong = rng.choice((0, -1, -7, 2.0, 2.5, {"text": "3"}, {"text": ""}))
    return simple(rng, max_tries={"call": wrong} if rng.random() < 0.3 else wrong)


def option_raises_type_error(rng):
    broken = {"call": 1, "raise": "TypeError"}
    where = rng.choice(("max_tries", "max_time", "wait"))
    return (
        simple(rng, wait={"gen": "constant", "kwargs": {"interval": broken}})
        if where == "wait"
        else simple(rng, **{where: broken})
    )


def option_wants_an_argument(rng):
    return simple(rng, **{rng.choice(("max_tries", "max_time")): {"needs": 3}})


def misspelt_option(rng):
    wait = rng.choice(
        (
            {"gen": "expo", "kwargs": {}},
            {"gen": "constant", "kwargs": {"interval": 1}},
            {"gen": "fibo", "kwargs": {}},
        )
    )
    return simple(
        rng,
        wait=wait,
        extra={rng.choice(("max_trys", "on_giveups", "jiter", "interval_", "max_values")): 3},
    )


def decorator_used_before(rng):
    return simple(rng, **{"used before": rng.randint(1, 2)}, is_async=False)


def partial_or_object(rng):
    scenario = simple(rng, is_async=False)
    scenario["target"]["shape"] = rng.choice(("partial", "object"))
    return scenario


def async_object(rng):
    scenario = simple(rng, is_async=True)
    scenario["target"]["shape"] = "async object"
    return scenario


def generator_function(rng):
    """Retried until the first item; `later` is an error after it."""
    scenario = simple(rng, "exception")
    scenario["target"]["shape"] = "generator"
    if rng.random() < 0.4:
        scenario["target"]["later"] = {"raise": "ValueError"}
    return scenario


def more_options(rng):
    """Options that only rebackoff has, saying what happens without them anyway."""
    changes = {"last_wait": "shorten", "hint": rng.choice((None, 0))}
    for name in rng.choice(([], ["last_wait"], ["hint"])):
        del changes[name]
    return simple(rng, **changes)


def runtime_ends(rng):
    return simple(
        rng,
        wait={"gen": "runtime", "seconds": None},
        max_tries="absent",
        max_time="absent",
        giveup="absent",
        jitter=rng.choice((None, "full_jitter")),
    )


def notes(rng):
    scenario = simple(rng, "exception")
    for line in scenario["target"]["script"]:
        line["notes"] = ["a note", "another"]
    return scenario


def raise_on_giveup_and_no_waits_left(rng):
    wait = {
        "gen": "constant",
        "kwargs": {"interval": {"seq": [1, 2][: rng.randint(0, 2)], "as": "list"}},
    }
    return simple(
        rng,
        "exception",
        wait=wait,
        raise_on_giveup=False,
        max_tries="absent",
        max_time="absent",
        giveup="absent",
    )


def thousands_of_tries(rng):
    gen, kwargs, tries = rng.choice(
        (
            ("expo", {"factor": 0.5}, 1100),
            ("expo", {"base": 10}, 400),
            ("expo", {"base": 1e200}, 5),
            ("fibo", {}, 1600),
        )
    )
    scenario = simple(
        rng,
        "predicate",
        wait={"gen": gen, "kwargs": kwargs},
        max_tries=tries,
        max_time="absent",
        jitter=rng.choice((None, "full_jitter")),
        logger=None,
    )
    for name in ("on_success", "on_backoff", "on_giveup"):
        scenario["decorators"][0].pop(name, None)
    scenario["target"].update({"script": [{"return": 0}] * (tries + 1), "calls": 1})
    return scenario


def timedelta(rng):
    if rng.random() < 0.4:
        return simple(rng, max_time={"timedelta": rng.choice((1, 2.5))})
    return simple(
        rng,
        wait=rng.choice(
            (
                {"gen": "constant", "kwargs": {"interval": {"timedelta": 2.5}}},
                {
                    "gen": "constant",
                    "kwargs": {
                        "interval": {"seq": [{"timedelta": 1.0}, {"timedelta": 0.5}], "as": "list"}
                    },
                },
                {"gen": "expo", "kwargs": {"max_value": {"timedelta": 3.0}}},
                {"gen": "runtime", "seconds": {"timedelta": 4.0}},
            )
        ),
    )


def negative_wait(rng):
    if rng.random() < 0.5:
        return simple(
            rng,
            jitter={"do": "negative"},
            wait={"gen": "fibo", "kwargs": {}},
            max_tries=5,
            max_time="absent",
            giveup="absent",
        )
    return simple(
        rng,
        wait={"gen": "constant", "kwargs": {"interval": -2}},
        jitter=None,
        max_tries=5,
        max_time="absent",
        giveup="absent",
    )


def async_predicate(rng):
    scenario = simple(rng, "predicate", is_async=True)
    scenario["decorators"][0]["predicate"] = {"do": "is_falsy", "async": True}
    return scenario


def async_jitter(rng):
    return simple(rng, is_async=True, jitter={"do": rng.choice(("half", "same")), "async": True})


def async_callback_on_sync_target(rng):
    name = rng.choice(("on_success", "on_backoff", "on_giveup", "giveup"))
    retried = "exception" if name == "giveup" else "either"
    return simple(
        rng,
        retried,
        is_async=False,
        **{
            name: {"do": "never", "async": True}
            if name == "giveup"
            else {"as": "single", "handlers": [{"async": True}]}
        },
    )


def cancelled(rng):
    scenario = simple(rng, "exception")
    scenario["decorators"][0]["exception"] = ["BaseException"]
    name = rng.choice(("CancelledError", "KeyboardInterrupt", "SystemExit", "GeneratorExit"))
    scenario["target"]["script"][1] = {"raise": name}
    return scenario


def cancelled_but_named(rng):
    name = rng.choice(("CancelledError", "KeyboardInterrupt", "SystemExit"))
    scenario = simple(rng, "exception")
    scenario["decorators"][0]["exception"] = [name]
    for line in scenario["target"]["script"]:
        line.update({"raise": name, "args": None})
    return scenario


def logger_level_as_imported(rng):
    scenario = simple(rng, logger="backoff", backoff_log_level=10, giveup_log_level=10)
    scenario["logger_levels"] = {}
    return scenario


def configured_generator(rng):
    wait = ingredients.wait(rng)
    while wait["gen"] not in ("expo", "fibo", "constant", "decay"):
        wait = ingredients.wait(rng)
    for key, value in wait["kwargs"].items():
        if isinstance(value, dict):
            wait["kwargs"][key] = value.get("call", 1)
    scenario = simple(rng, wait={**wait, "configured": True})
    scenario["target"]["calls"] = 2
    return scenario


WEIGHTS = (
    {
        free_mix: 40,
        on_exception_mix: 25,
        on_predicate_mix: 15,
        waits_by_hand: 6,
        target_takes_time: 10,
        on_try_handler: 7,
        retry_context: 7,
    }
    | dict.fromkeys(
        (
            stop_iteration_from_target,
            nullary_jitter,
            jitter_raises_type_error,
            fraction_as_interval,
            max_tries_is_wrong,
            option_raises_type_error,
            option_wants_an_argument,
            misspelt_option,
            decorator_used_before,
            partial_or_object,
            async_object,
            generator_function,
            more_options,
            runtime_ends,
            notes,
            raise_on_giveup_and_no_waits_left,
            timedelta,
            negative_wait,
            async_predicate,
            async_jitter,
            async_callback_on_sync_target,
            cancelled,
            cancelled_but_named,
            logger_level_as_imported,
            configured_generator,
        ),
        1.2,
    )
    | {thousands_of_tries: 0.3}
)
