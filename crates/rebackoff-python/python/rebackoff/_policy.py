"""Policies as data, by the rules and errors of the Rust side."""

from __future__ import annotations

from rebackoff import _jitter, _wait_gen
from rebackoff._callables import is_one_of
from rebackoff._mistakes import mistake, shown
from rebackoff._native import policy as _complete
from rebackoff._native import variables as _variables
from rebackoff._seconds import number, plain, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike
    from typing import Any

    from typing_extensions import Unpack

    from rebackoff._typing import PolicySettings
    from rebackoff._wait_gen import Waits

    class _Settings(PolicySettings, total=False):
        wait: str | Waits | Callable[..., Waits]


_JITTERS = {
    "full": _jitter.full_jitter,
    "equal": _jitter.equal_jitter,
    "random": _jitter.random_jitter,
    "none": None,
}
_STRATEGIES = {strategy.__name__: strategy for strategy in _wait_gen.STRATEGIES}
# the options of decorators that a policy sets
_OPTIONS = (
    "max_tries",
    "max_time",
    "last_wait",
    "nested",
    "hint_ceiling",
    "hint_above",
    "hint_spread",
    "reset_after",
)
# what the decorators do without the option
_DEFAULTS = {
    "last_wait": "shorten",
    "nested": "allow",
    "hint_ceiling": 300,
    "hint_above": "give_up",
}
_MOST = 2**64 - 1
_MOST_ITEMS = 1000


class Policy:
    """A wait strategy, jitter and limits: immutable data, which every decorator and context takes for `wait_gen`.

        fetching = rebackoff.Policy(rebackoff.expo(max_value=30), max_tries=8, max_time=60)
        print(fetching)

        @rebackoff.on_exception(fetching, ConnectionError)
        def fetch(url): ...

    Options of the decorator override those of the policy. Policies that set the same are equal.

    Args:
        wait: A wait strategy: its name, its function, or a configured one.
        settings: The parameters of the strategy where `wait` is a name or a function, `jitter` ("full",
            "equal", "random", "none" or one of the jitter functions), `max_tries`, `max_time`,
            `last_wait`, `nested`, `reset_after`, `hint_ceiling`, `hint_above` and `hint_spread`. A duration is a number
            of seconds, a `timedelta` or a text such as "1m30s"; None, or "none", takes a limit away.

    Raises:
        ValueError: A setting is unknown or has a value that is not allowed; the error names both.
        TypeError: A setting has a value of the wrong kind.
    """

    __slots__ = ("_options", "_settings", "_text", "_waits")
    _options: dict[str, Any]
    _settings: tuple[tuple[str, Any], ...]
    _text: str
    _waits: Waits

    def __init__(
        self, wait: str | Waits | Callable[..., Waits] = "expo", **settings: Unpack[PolicySettings]
    ) -> None:
        self._set({**_strategy(wait), **settings}, None)

    def _set(self, settings: Mapping[str, Any], base: Policy | None) -> None:
        values = [(name, _value(name, value)) for name, value in settings.items()]
        complete, text = _complete(values, None if base is None else list(base._settings))
        set_slot = object.__setattr__
        set_slot(self, "_settings", tuple(complete))
        set_slot(self, "_text", text)
        given = {name: None if value == "none" else value for name, value in complete}
        waits = _STRATEGIES[given["wait"]]
        parameters = waits.__code__.co_varnames[: waits.__code__.co_argcount]
        set_slot(
            self, "_waits", waits(**{name: given[name] for name in parameters if name in given})
        )
        options = {name: given[name] for name in _OPTIONS if name in given}
        for name, default in _DEFAULTS.items():
            if options[name] == default:
                del options[name]
        set_slot(self, "_options", {**options, "jitter": _JITTERS[given["jitter"] or "none"]})

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Policy:
        """The policy of these settings; `wait` has to be among them."""
        return cls._of(settings, None)

    @classmethod
    def from_toml(cls, source: str | PathLike[str], name: str | None = None) -> Policy:
        """The policy of a TOML text, or of a file where `source` is a path object.

        name: The table that holds the settings. Default: they are at the top.
        """
        tables = _toml(source)
        if name is None:
            if tables and all(isinstance(value, dict) for value in tables.values()):
                known = ", ".join(tables)
                raise ValueError(
                    f"name must be one of the tables, but it is None; there are: {known}"
                )
            return cls._of(tables, None)
        table = tables.get(name)
        if not isinstance(table, dict):
            known = ", ".join(key for key, value in tables.items() if isinstance(value, dict))
            raise ValueError(f"there is no table {name!r}; there are: {known or 'none'}")
        return cls._of(table, None)

    @classmethod
    def from_env(cls, name: str, base: Policy | None = None) -> Policy:
        """The policy of the variables `REBACKOFF_<NAME>_<PARAMETER>`, each of which replaces a setting of `base`.

        In `name`, letters become capitals, and all but letters and digits become `_`. An empty variable
        counts as not set. Default of `base`: `Policy()`.

        Raises:
            ValueError: A variable that begins with `REBACKOFF_<NAME>_` names no parameter, is not UTF-8, or has a
                value that is not allowed. Variables of a policy whose name is longer are left to it.
        """
        return cls._of_environment(_text("name", name), "", base)

    @classmethod
    def from_env_prefix(cls, prefix: str, base: Policy | None = None) -> Policy:
        """The policy of the variables `<prefix><PARAMETER>`; otherwise as `from_env`."""
        return cls._of_environment(None, _text("prefix", prefix), base)

    @classmethod
    def _of_environment(cls, name: str | None, prefix: str, base: Policy | None) -> Policy:
        from os import environ

        given = [
            (key.encode("utf-8", "replace").decode(), _utf_8(value))
            for key, value in environ.items()
        ]
        found = _variables(name, prefix, given)
        return cls._of(dict(found), cls() if base is None else base)

    @classmethod
    def _of(cls, settings: Mapping[str, Any], base: Policy | None) -> Policy:
        if not hasattr(settings, "items"):
            raise mistake(TypeError, "settings", "a dict of the settings", settings)
        if base is not None and not isinstance(base, Policy):
            raise mistake(TypeError, "base", "a Policy, or None for the default", base)
        policy = object.__new__(cls)
        policy._set(settings, base)
        return policy

    def replace(self, **settings: Unpack[_Settings]) -> Policy:
        """This policy with other settings; another `wait` begins at that strategy's defaults."""
        wait = _strategy(settings.pop("wait")) if "wait" in settings else {}
        return self._of({**wait, **settings}, self)

    def to_dict(self) -> dict[str, Any]:
        """All settings, as `from_dict` takes them."""
        return {name: list(v) if isinstance(v, list) else v for name, v in self._settings}

    @property
    def waits(self) -> Waits:
        """The configured wait strategy."""
        return self._waits

    @property
    def options(self) -> dict[str, Any]:
        """The options of a decorator that the policy sets."""
        return dict(self._options)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<Policy {self._text}>"

    def __eq__(self, other: object) -> bool:
        return self._settings == other._settings if isinstance(other, Policy) else NotImplemented

    def __hash__(self) -> int:
        return hash(repr(self._settings))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a Policy is immutable; replace({name}=…) makes another")

    def __reduce__(self) -> tuple[Any, ...]:
        return _made_again, (self.to_dict(),)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise mistake(TypeError, name, "a text", value)
    return value


def _utf_8(text: str) -> str | None:
    """A value of the environment, or None for one that is not UTF-8, where Python has lone surrogates."""
    return None if any("\ud800" <= c <= "\udfff" for c in text) else text


def _made_again(settings: dict[str, Any]) -> Policy:
    return Policy.from_dict(settings)


def _strategy(wait: Any) -> dict[str, Any]:
    """The settings of a wait strategy."""
    if isinstance(wait, str):
        return {"wait": wait}
    if isinstance(wait, _wait_gen.Waits):
        strategy, parameters = wait.parts()
        if strategy is _wait_gen.runtime:
            raise TypeError(
                "wait must be data, but runtime() has a function: give it to the decorator"
            )
        given = {name: value for name, value in parameters.items() if name != "min_value" or value}
        return {"wait": strategy.__name__, **given}
    if wait in _STRATEGIES.values():
        return {"wait": wait.__name__}
    rule = "a wait strategy: its name, its function, or a configured one such as rebackoff.expo(base=3)"
    raise mistake(TypeError, "wait", rule, wait)


def _value(name: str, value: Any) -> Any:
    """A setting as the core takes it: a text, an exact number, or a list."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a setting must be a text, but it is {shown(name)}")
    if value is None:
        return "none"
    if isinstance(value, str):
        return str.__str__(value)
    if name == "jitter" and is_one_of(value, _jitter.JITTERS):
        return value.__name__.removesuffix("_jitter")
    count = whole(value)
    if count is not None:
        return min(count, _MOST) if count >= 0 else number(count)
    if not isinstance(value, bool):
        found = number(plain(value))
        if found is not None:
            return found
        if name == "interval" and hasattr(type(value), "__iter__"):
            from itertools import islice

            # one that never ends has too many waits as well
            return [_value("an item of interval", item) for item in islice(value, _MOST_ITEMS)]
    if not _is_setting(name.removeprefix("an item of ")):
        return shown(value)  # the core refuses the name
    rule = "one of full, equal, random, none" if name == "jitter" else "a number or a text"
    raise mistake(TypeError, name, rule, value)


def _is_setting(name: str) -> bool:
    codes = [waits.__code__ for waits in _wait_gen.STRATEGIES]
    parameters = [one for code in codes for one in code.co_varnames[: code.co_argcount]]
    return name in ("wait", "jitter", *_OPTIONS, *parameters)


def _toml(source: Any) -> dict[str, Any]:
    try:
        import tomllib
    except ModuleNotFoundError:  # CPython 3.10
        import tomli as tomllib
    if isinstance(source, str):
        return tomllib.loads(source)
    if not hasattr(source, "__fspath__"):
        raise mistake(TypeError, "source", "a TOML text or a path object", source)
    with open(source, "rb") as file:
        return tomllib.load(file)
