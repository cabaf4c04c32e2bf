"""What a decorator was told, checked: a mistake is an error where it was made, not at the first failure."""

from __future__ import annotations

from rebackoff import _wait_gen
from rebackoff._callables import is_async, name_of, needs_arguments
from rebackoff._common import _config_handlers, _prepare_logger, without_base
from rebackoff._native import Run, Waits

_OWN = (
    "max_tries max_time last_wait nested budget breaker counts timeout jitter giveup hint hint_ceiling "
    "hint_above hint_spread on_try on_success on_backoff on_giveup raise_on_giveup "
    "logger backoff_log_level giveup_log_level"
).split()
_EVENTS = ("on_try", "on_success", "on_backoff", "on_giveup")


class Options:
    """The options of one decorator, from which it makes a `Run` for each target."""

    def __init__(self, trigger, wait_gen, wait_keywords, *, by_predicate=False, **options):
        self.trigger = tuple(trigger) if isinstance(trigger, list) else trigger
        self.by_predicate = by_predicate
        self.handlers = {event: _config_handlers(options[event]) for event in _EVENTS}
        self.options = options
        self.timeout = _timeout(options.get("timeout"))
        self.wait, self.wait_keywords = _waits(wait_gen, wait_keywords)
        # What is wrong is wrong for every target: the run is made once to find out, then for each.
        self.run(None, is_async=True, logged=False)

    def run(self, target, *, is_async, logged=True):
        """What Rust has to know of a call of `target`; None is a retry context."""
        options = self.options
        if not is_async:
            self._refuse_async(target)
        giveup = options.get("giveup")
        return Run(
            target=target,
            is_async=is_async,
            trigger=self.trigger,
            narrow=None if self.by_predicate else without_base(self.trigger),
            giveup=None if giveup is never else giveup,
            raise_on_giveup=bool(options.get("raise_on_giveup", True)),
            by_predicate=self.by_predicate,
            hint=options["hint"],
            hint_ceiling=options["hint_ceiling"],
            hint_above=options["hint_above"],
            hint_spread=options["hint_spread"],
            wait=self.wait,
            wait_keywords=self.wait_keywords,
            jitter=options["jitter"],
            max_tries=options["max_tries"],
            max_time=options["max_time"],
            last_wait=options["last_wait"],
            nested=options["nested"],
            budget=options["budget"],
            breaker=options["breaker"],
            counts=options["counts"],
            **self.handlers,
            logger=_prepare_logger(options["logger"]) if logged else None,
            backoff_level=options["backoff_log_level"],
            giveup_level=options["giveup_log_level"],
        )

    def _refuse_async(self, target):
        functions = [
            ("jitter", self.options["jitter"]),
            ("giveup", self.options.get("giveup")),
            ("hint", self.options["hint"]),
        ]
        if self.by_predicate:
            functions.append(("predicate", self.trigger))
        functions += [(event, handler) for event in _EVENTS for handler in self.handlers[event]]
        for name, function in functions:
            if function is not None and is_async(function):
                what = "a retry_context" if target is None else f"{name_of(target)}()"
                raise TypeError(
                    f"{name} is async, but {what} is not, so nothing would await it: {function!r}"
                )


def never(error):
    """The default of `giveup`."""
    return False


def _timeout(timeout):
    if timeout is None:
        return None
    from rebackoff._timeouts import seconds_of

    return seconds_of(timeout)


def _waits(wait_gen, keywords):
    """What gives the raw waits: configured waits, or a generator function and its keywords."""
    if isinstance(wait_gen, Waits):
        if keywords:
            raise TypeError(
                f"{wait_gen!r} is configured already, but there are options for it as well: {', '.join(keywords)}"
            )
        return wait_gen, None
    if not callable(wait_gen):
        raise TypeError(
            "wait_gen must be a generator function like rebackoff.expo, or a configured one like rebackoff.expo(base=3), "
            f"but it is {wait_gen!r}"
        )
    _refuse_unknown(wait_gen, keywords)
    if wait_gen in _wait_gen.STRATEGIES and not any(map(_is_asked, keywords.values())):
        return wait_gen(**keywords), None
    return wait_gen, dict(keywords)


def _is_asked(value):
    return callable(value) and not needs_arguments(value)


def _refuse_unknown(wait_gen, keywords):
    if wait_gen in _wait_gen.STRATEGIES:
        code = wait_gen.__code__
        known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if set(keywords) <= set(known) and (wait_gen is not _wait_gen.runtime or keywords):
            return
    import inspect

    try:
        signature = inspect.signature(wait_gen)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(**keywords)
    except TypeError as error:
        message = f"{name_of(wait_gen)}() cannot be called with the options it is given: {error}"
        for name in keywords:
            if name not in signature.parameters:
                message = f"there is no option {name!r}{_suggestion(name, [*_OWN, *signature.parameters])}"
                break
        raise TypeError(message) from None


def _suggestion(name, known):
    import difflib

    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(known)}"
