"""The exceptions that targets and callbacks raise, by name."""

import asyncio


class Custom(Exception):
    """Takes more than one argument and prints itself."""

    def __init__(self, code, text):
        super().__init__(code, text)
        self.code = code
        self.text = text

    def __str__(self):
        return f"[{self.code}] {self.text}"


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no words for it")


class Boom(ValueError):
    """A subclass of an exception that is often named in decorators."""


NAMES = {
    error.__name__: error
    for error in (
        AssertionError,
        ConnectionError,
        GeneratorExit,
        KeyError,
        KeyboardInterrupt,
        LookupError,
        OSError,
        RuntimeError,
        StopAsyncIteration,
        StopIteration,
        SystemExit,
        TimeoutError,
        TypeError,
        ValueError,
        ZeroDivisionError,
        Exception,
        BaseException,
        Custom,
        Unprintable,
        Boom,
        asyncio.CancelledError,
    )
}


def make(spec, where):
    """An exception from `{"raise": name, "args": […], "notes": […], "cause": name}`; `where` makes it recognisable."""
    kind = NAMES[spec["raise"]]
    args = spec.get("args")
    error = kind(*([where] if args is None else args)) if kind is not Custom else kind(7, where)
    if spec.get("notes"):
        error.__notes__ = list(spec["notes"])
    return error


def make_cause(spec, where):
    """The error that it is raised from, or None."""
    return NAMES[spec["cause"]](f"cause of {where}") if "cause" in spec else None


def raise_it(spec, where):
    """Keeps no name for the exception, which would be a reference cycle through its traceback."""
    if "cause" in spec:
        raise make(spec, where) from make_cause(spec, where)
    raise make(spec, where)
