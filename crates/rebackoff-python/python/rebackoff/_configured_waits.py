"""The wait strategy of a decorator: checked at decoration, started by each call."""

from __future__ import annotations

from types import FunctionType

from rebackoff import _common, _wait_gen
from rebackoff._callables import is_async, is_async_generator, is_one_of, name_of, refuses
from rebackoff._checks import never_awaited
from rebackoff._common import _init_wait_gen, _maybe_call
from rebackoff._mistakes import mistake, shown, suggestion
from rebackoff._option_table import NAMES
from rebackoff._wait_gen import Waits

_WAIT_GEN = (
    "a generator function like rebackoff.expo, or a configured one like rebackoff.expo(base=3)"
)
# the strategies with their defaults, made once
_defaults = {}


def configured(decorator, wait_gen, keywords):
    """The strategy; where each call has to make it, its function and the function's keywords."""
    if not keywords and type(wait_gen) is FunctionType and wait_gen in _defaults:
        return _defaults[wait_gen], None
    if isinstance(wait_gen, Waits):
        if keywords:
            _refuse_unknown(decorator, wait_gen.parts()[0], keywords)
            raise TypeError(
                f"{shown(wait_gen)} is configured already, but there are options for it as well: {', '.join(keywords)}"
            )
        return wait_gen, None
    is_class = isinstance(wait_gen, type) and not hasattr(wait_gen, "send")
    if is_class or not callable(wait_gen) or is_async(wait_gen) or is_async_generator(wait_gen):
        raise mistake(TypeError, "wait_gen", _WAIT_GEN, wait_gen)
    _refuse_unknown(decorator, wait_gen, keywords)
    if not is_one_of(wait_gen, _wait_gen.STRATEGIES):
        return wait_gen, keywords
    fixed = {name: value for name, value in keywords.items() if not _is_evaluated(name, value)}
    if len(fixed) == len(keywords):
        return wait_gen(**keywords) if keywords else _default(wait_gen), None
    if wait_gen is not _wait_gen.runtime:
        wait_gen(**fixed)  # a mistake in these is one for every call
    return wait_gen, keywords


def started(options, init):
    """The raw waits of a call that begins now: a generator that is ready to be sent outcomes."""
    waits = wait_gen = options.wait_gen
    if init is not _init_wait_gen or _common._maybe_call is not _maybe_call:
        return init(*options.given_waits())
    if not isinstance(waits, Waits):
        # a callable that takes arguments stands for itself
        keywords = {name: _maybe_call(value) for name, value in options.wait_keywords.items()}
        waits = waits(**keywords)
    if type(waits) is Waits:
        waits = waits.start()
    elif not hasattr(waits, "send"):
        raise mistake(TypeError, "wait_gen", _WAIT_GEN, wait_gen, f", which gave {shown(waits)}")
    waits.send(None)
    return waits


def _default(wait_gen):
    """The strategy with its defaults, made once."""
    if wait_gen not in _defaults:
        _defaults[wait_gen] = wait_gen()
    return _defaults[wait_gen]


def _is_evaluated(name, value):
    """Returns whether each call evaluates this parameter of a strategy."""
    if not callable(value) or isinstance(value, type) or refuses(value, 0):
        return False
    never_awaited(name, value)
    return True


def _refuse_unknown(decorator, wait_gen, keywords):
    if is_one_of(wait_gen, _wait_gen.STRATEGIES):
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
        condition = "predicate" if decorator == "on_predicate" else "exception"
        known = [*NAMES[decorator], *signature.parameters, "wait_gen", condition]
        for name in keywords:
            if name not in signature.parameters:
                message = f"there is no option {name!r}{suggestion(name, known)}"
                break
        raise TypeError(message) from None
