"""Plays one scenario with one library and returns its trace."""

import asyncio
import functools
import gc
import inspect

import callbacks
import errors
import generators
import values
from record import Endless, Trace, library_frames, user_frames
from stage import REAL_ASYNC_SLEEP, Stage

HANDLERS = ("on_try", "on_success", "on_backoff", "on_giveup")
PLAIN = ("last_wait", "raise_on_giveup", "backoff_log_level", "giveup_log_level")


def play(scenario, library):
    trace = Trace()
    stage = Stage(trace, scenario.get("interrupt"))
    with stage.open(scenario["seed"], scenario.get("logger_levels", {})):
        try:
            {"calls": _calls, "generator": _generator, "context": _context}[scenario["kind"]](
                scenario, library, stage
            )
        except _DecorationFailed:
            pass
        except Endless:
            trace.events = [["never ends"]]
        trace.add(
            "exceptions still alive", _alive(), "after collecting garbage", _alive(collect=True)
        )
        gc.freeze()
    return trace.events


def _alive(collect=False):
    if collect:
        gc.collect()
    return sum(isinstance(thing, BaseException) for thing in gc.get_objects())


class _DecorationFailed(Exception):
    pass


def _calls(scenario, library, stage):
    trace = stage.trace
    target = make_target(scenario["target"], stage)
    trace.label(target, "<the target>")
    decorated = target
    for number, spec in enumerate(scenario["decorators"]):
        try:
            decorated = _decorator(spec, library, trace, number)(decorated)
        except Exception as error:
            trace.add("decoration fails", trace.exception(error))
            raise _DecorationFailed from None
        trace.label(decorated, f"<decorated {number}>")
    _look(decorated, target, trace)
    if scenario["target"]["shape"] == "method":
        decorated = type(
            "Thing", (), {"work": decorated, "__repr__": lambda self: "<thing>"}
        )().work
    if scenario["target"]["shape"] in generators.SHAPES:
        decorated = generators.consumed(decorated, scenario["async"], trace)
    for _ in range(scenario["target"].get("calls", 1)):
        _call(scenario, decorated, trace)


def _call(scenario, decorated, trace):
    args, kwargs = scenario["target"].get("args", []), scenario["target"].get("kwargs", {})
    if scenario["async"]:
        asyncio_run(_outcome_async(decorated, args, kwargs, trace, scenario.get("in_except")))
    else:
        _outcome(lambda: decorated(*args, **kwargs), trace, scenario.get("in_except"))


def _outcome(call, trace, in_except):
    try:
        if in_except:
            try:
                raise LookupError("handled by the caller")
            except LookupError:
                trace.add("returns", trace.show(call()))
        else:
            trace.add("returns", trace.show(call()))
    except Endless:
        raise
    except BaseException as error:
        _raised(error, trace)


async def _outcome_async(decorated, args, kwargs, trace, in_except):
    try:
        if in_except:
            try:
                raise LookupError("handled by the caller")
            except LookupError:
                trace.add("returns", trace.show(await decorated(*args, **kwargs)))
        else:
            trace.add("returns", trace.show(await decorated(*args, **kwargs)))
    except Endless:
        raise
    except BaseException as error:
        _raised(error, trace)


def _raised(error, trace):
    trace.add("raises", trace.exception(error), user_frames(error), library_frames(error))


def asyncio_run(coroutine):
    return _loop().run_until_complete(coroutine)


@functools.lru_cache(None)
def _loop():
    return asyncio.new_event_loop()


def make_target(spec, stage):
    """A function that does what the script says, one line per try, and succeeds after its end."""
    script = iter(spec["script"])
    tries = [0]

    def step(args, kwargs):
        tries[0] += 1
        line = next(script, {"return": "done"})
        stage.trace.add("try", stage.trace.show(args), stage.trace.show(kwargs))
        stage.take(line.get("takes", 0))
        return line

    def finish(line):
        if "raise" in line:
            cause = errors.make_cause(line, f"try {tries[0]}")
            stage.trace.add(
                "target raises",
                stage.trace.show(errors.make(line, f"try {tries[0]}")),
                cause and stage.trace.show(cause),
            )
            errors.raise_it(line, f"try {tries[0]}")
        return line["return"]

    def target(*args, **kwargs):
        """Fails for a while."""
        return finish(step(args, kwargs))

    async def async_target(*args, **kwargs):
        """Fails for a while."""
        line = step(args, kwargs)
        await REAL_ASYNC_SLEEP(0)
        return finish(line)

    def later():
        if "later" in spec:
            errors.raise_it(spec["later"], "after the first item")
        return "later"

    if spec["shape"] in generators.SHAPES:
        return generators.make(spec, lambda args, kwargs: finish(step(args, kwargs)), later)
    made = async_target if spec.get("async") else target
    made.marked = True
    if spec["shape"] == "partial":
        return functools.partial(made)
    if spec["shape"] == "object":
        return _CallableObject(made)
    if spec["shape"] == "async object":
        return _AsyncCallableObject(made)
    return made


class _CallableObject:
    def __init__(self, call):
        self._call = call

    def __call__(self, *args, **kwargs):
        return self._call(*args, **kwargs)


class _AsyncCallableObject(_CallableObject):
    async def __call__(self, *args, **kwargs):
        return await self._call(*args, **kwargs)


def _decorator(spec, library, trace, number):
    """One decorator; where it is `used before`, another function was decorated with the same object."""
    wait, options = _options(spec, library, trace, number)
    if spec["on"] == "predicate":
        condition = (
            [callbacks.predicate(spec["predicate"], trace, f"{number} predicate")]
            if "predicate" in spec
            else []
        )
        made = library.on_predicate(wait, *condition, **options)
    else:
        made = library.on_exception(wait, _exceptions(spec), **options)
    for _ in range(spec.get("used before", 0)):
        made(lambda: None)
    return made


def _exceptions(spec):
    named = [errors.NAMES[name] for name in spec["exception"]]
    return named[0] if len(named) == 1 else tuple(named)


def _options(spec, library, trace, number):
    import logging

    kwargs = {
        key: values.make(value, trace, f"{number} {key}")
        for key, value in spec["wait"].get("kwargs", {}).items()
    }
    wait = callbacks.wait_generator(spec["wait"], trace, library)
    if spec["wait"]["gen"] == "runtime":
        kwargs["value"] = _runtime_value(spec["wait"], trace)
    if spec["wait"].get("configured"):
        wait, kwargs = wait(**kwargs), {}
    options = {name: spec[name] for name in PLAIN if name in spec}
    for name in ("max_tries", "max_time"):
        if name in spec:
            options[name] = values.make(spec[name], trace, f"{number} {name}")
    if "jitter" in spec:
        options["jitter"] = callbacks.jitter(spec["jitter"], trace, f"{number} jitter", library)
    if "hint" in spec:
        options["hint"] = lambda outcome: spec["hint"]
    if "giveup" in spec:
        options["giveup"] = callbacks.giveup(spec["giveup"], trace, f"{number} giveup")
    for name in HANDLERS:
        if name in spec:
            options[name] = callbacks.handlers(spec[name], trace, f"{number} {name}")
    if "logger" in spec:
        options["logger"] = _logger(spec["logger"], logging)
    return wait, {**options, **kwargs, **spec.get("extra", {})}


def _logger(spec, logging):
    if spec is None or isinstance(spec, str):
        return spec
    if "adapter" in spec:
        return logging.LoggerAdapter(logging.getLogger(spec["adapter"]), {})
    return logging.getLogger(spec["object"])


def _runtime_value(spec, trace):
    def value(outcome):
        trace.add("ask", "value", trace.show(outcome))
        return values.make(spec["seconds"], trace, "seconds")

    return value


def _look(decorated, target, trace):
    """The function as `inspect` sees it."""
    trace.add(
        "decorated",
        getattr(decorated, "__name__", None),
        decorated.__doc__ if inspect.isfunction(decorated) else None,
        str(inspect.signature(decorated)),
        inspect.iscoroutinefunction(decorated),
        inspect.isfunction(decorated),
        getattr(decorated, "marked", None),
        inspect.unwrap(decorated) is target,
    )


def _generator(scenario, library, stage):
    """The wait generators by hand."""
    spec, trace = scenario["wait"], stage.trace
    kwargs = {key: values.make(value, trace, key) for key, value in spec.get("kwargs", {}).items()}
    if spec["gen"] == "runtime":
        kwargs["value"] = _runtime_value(spec, trace)
    try:
        waits = callbacks.wait_generator(spec, trace, library)(**kwargs)
        trace.add("first", trace.show(next(waits)))
        for number in range(scenario["take"]):
            trace.add("wait", trace.show(waits.send(number) if scenario["send"] else next(waits)))
    except StopIteration:
        trace.add("generator ends")
    except Exception as error:
        _raised(error, trace)


def _context(scenario, library, stage):
    """A block of code under `retry_context`, or `aretry_context`."""
    trace, (spec,) = stage.trace, scenario["decorators"]
    target = make_target(scenario["target"], stage)

    def attempts():
        wait, options = _options(spec, library, trace, 0)
        make = library.aretry_context if scenario["async"] else library.retry_context
        return make(_exceptions(spec), wait, **options)

    def block():
        result = "nothing"
        for attempt in attempts():
            with attempt as entered:
                trace.add("attempt", entered is attempt, type(attempt).__name__)
                result = target()
        return result

    async def async_block():
        result = "nothing"
        async for attempt in attempts():
            with attempt as entered:
                trace.add("attempt", entered is attempt, type(attempt).__name__)
                result = await target()
        return result

    _call({**scenario, "target": {}}, async_block if scenario["async"] else block, trace)
