"""The decorators' types.

A configured wait strategy or a policy takes no more options, a strategy's function takes its parameters, and a generator
function of the program's own takes any.

`scripts/python-stub` makes this file of the table in `_option_table.py`.
"""

from collections.abc import (
    AsyncGenerator,
    Callable,
    Coroutine,
    Generator,
    Iterable,
    Sequence,
)
from typing import (
    Any,
    Concatenate,
    Literal,
    ParamSpec,
    Protocol,
    TypeAlias,
    TypedDict,
    TypeVar,
    overload,
)

from _typeshed import SupportsItems

from rebackoff._breaker import Breaker
from rebackoff._budget import Budget
from rebackoff._common import Attempt
from rebackoff._policy import Policy
from rebackoff._typing import (
    Seconds,
    _AnyLoggerOrName,
    _CallableT,
    _Handlers,
    _OwnWaits,
)
from rebackoff._wait_gen import OriginalWaits, Waits

# a tuple or a list, which backoff's types call a sequence
_Exceptions: TypeAlias = type[BaseException] | Sequence[type[BaseException]]
_Jitter: TypeAlias = Callable[[float], Any] | None
_Condition: TypeAlias = Callable[[Any], Any]
_Giveup: TypeAlias = Callable[[Any], Any] | Callable[Concatenate[Any, ...], Any]
_Hint: TypeAlias = Callable[[Any], Seconds | None] | None
_MaxTries: TypeAlias = int | None | Callable[..., int | None]
_Budget: TypeAlias = Budget | Callable[..., Budget | None] | None
_Breaker: TypeAlias = Breaker | Callable[..., Breaker | None] | None
_Nested: TypeAlias = Literal["allow", "once"]
_LastWait: TypeAlias = Literal["shorten", "stop"]
_HintAbove: TypeAlias = Literal["give_up", "cap"]
_PolicyFor: TypeAlias = SupportsItems[type[BaseException], Policy] | None
_Signal: TypeAlias = Any
_MaxTime: TypeAlias = Seconds | None | Callable[..., Seconds | None]
_Strategy: TypeAlias = Callable[..., Waits]
_Number: TypeAlias = float | Callable[[], float]
_Wait: TypeAlias = Seconds | Callable[[], Seconds]
_Cap: TypeAlias = Seconds | None | Callable[[], Seconds | None]
_Interval: TypeAlias = Seconds | Iterable[Seconds] | Callable[[], Seconds | Iterable[Seconds]]

_Given = ParamSpec("_Given")
_Value = TypeVar("_Value")
_Item = TypeVar("_Item")
_Sent = TypeVar("_Sent")

class _OrNone(Protocol):
    """A decorator of functions that return None when they give up.

    No target reaches the last form, which lets a decorator that keeps the target's type stand for this one: where options
    come from a `dict[str, Any]`, type checkers know no `raise_on_giveup`, and need one type for both.
    """

    @overload
    def __call__(
        self, target: Callable[_Given, Coroutine[Any, Any, _Value]], /
    ) -> Callable[_Given, Coroutine[Any, Any, _Value | None]]: ...
    @overload
    def __call__(
        self, target: Callable[_Given, Generator[_Item, _Sent, _Value]], /
    ) -> Callable[_Given, Generator[_Item, _Sent, _Value | None]]: ...
    @overload
    def __call__(
        self, target: Callable[_Given, AsyncGenerator[_Item, _Sent]], /
    ) -> Callable[_Given, AsyncGenerator[_Item, _Sent]]: ...
    @overload
    def __call__(self, target: Callable[_Given, _Value], /) -> Callable[_Given, _Value | None]: ...
    @overload
    def __call__(self, target: _CallableT, /) -> _CallableT: ...

@overload
def on_exception(
    wait_gen: Waits | OriginalWaits | Policy,
    exception: _Exceptions,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    timeout: Seconds | None = None,
    jitter: _Jitter = ...,
    giveup: _Giveup = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    policy_for: _PolicyFor = None,
    groups: bool = False,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    raise_on_giveup: Literal[True] = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
) -> Callable[[_CallableT], _CallableT]:
    """Decorates a function to be called again when it raises.

    Blocking functions, coroutine functions, generator functions (until their first item), methods,
    partials and callable objects can be decorated.

    Args:
        wait_gen: The seconds to wait: a generator function like `expo`, or a configured strategy
            like `expo(base=3)`.
        exception: The exception class, or classes, after which to try again. `BaseException` does
            not mean `KeyboardInterrupt`, `SystemExit`, `GeneratorExit`, a cancellation, a timeout of gevent
            or an outcome of pytest. Neither `Exception` nor `BaseException` means an error by which a task
            queue ends or repeats its task. These are retried only where they are named themselves.
        max_tries: Most tries, the first included. None: no limit. Default: `None`.
        max_time: Most seconds from the start of the first try. None: no limit. Default: `None`.
        last_wait: A wait that would end past `max_time`: "shorten" it to the time that is left and try once more, or "stop" and give up at once. Default: `"shorten"`.
        nested: Inside a try of a visible call: "allow" retries, or try "once", since that call tries again anyway. A call is visible if it has `max_time`, `timeout`, a guard or `nested`, and otherwise from its first retry on. Default: `"allow"`.
        budget: Pays for retries, shared with other calls: a `Budget`, or a function of the call's arguments that gives one. With too few tokens left, the call gives up. Default: `None`.
        breaker: Decides whether to call at all: a `Breaker`, or a function of the call's arguments that gives one. Where it is open, the call raises a `CircuitOpenError` before its first try, and gives up after a later one. Default: `None`.
        counts: Function that takes the error or value of a try and returns whether it is a failure of the target, for the breaker: True, False, or None for neither. None: what is retried is a failure, and what `giveup` gives up on is none. Default: `None`.
        timeout: Most seconds that a try of a coroutine function may take. One that takes longer is cancelled and has raised a `TimeoutError`, which is retried if `exception` names it. No try goes on past the enclosing deadlines. None: no limit. Default: `None`.
        jitter: Function that takes a wait and returns the jittered wait. None: no jitter. Default: `full_jitter`.
        giveup: Function that takes the error and returns whether to give up; it is asked after the last try, too. A function of more parameters takes the call's arguments as well. Default: never.
        hint: Function that takes the error or value and returns the seconds that it asks to wait, or None. The wait is at least that. A negative hint means now. A hint past `max_time`, or minus infinity (a server's order to stop), gives up. Default: `None`.
        hint_ceiling: The longest hint that is obeyed, in seconds. None: no limit. Default: `300`.
        hint_above: A longer hint leads to "give_up", or "cap" and wait `hint_ceiling` seconds. Default: `"give_up"`.
        hint_spread: How far above a hint the wait may be, so that clients which were turned away together do not come back together: a share of the hint, from 0 to 1. None: a tenth, or nothing without a jitter. Default: `None`.
        on_try: Called with the details before each try: a function, or several. Default: `None`.
        on_success: Called with the details after a success. Default: `None`.
        on_backoff: Called with the details before a wait. Default: `None`.
        on_giveup: Called with the details, `reason` among them, when there will be no more tries, or, with `tries` 0, when a breaker rejects the call. Default: `None`.
        policy_for: Policies by error: a dict of exception classes, the first match of which gives waits, jitter and limits after such an error. The other options hold for other errors. Default: `None`.
        groups: Retry an `ExceptionGroup` as well, if all errors in it match `exception`. Default: `False`.
        reset_after: After a failed try that lasted at least so many seconds, waits, tries and elapsed begin anew: for connection loops. None: never. Default: `None`.
        cancelled_by: An event, or another object with `wait(timeout)`, that ends a wait at once. The call then gives up with the reason "cancelled". Default: `None`.
        name: The name of the call in log records and metrics. None: the target's name. Default: `None`.
        raise_on_giveup: Raise the last error on giving up. False: return None. Default: `True`.
        logger: The logger for the default records, or its name. None: no records. Default: `"backoff"`.
        backoff_log_level: The level of the record of each wait. Default: `20`.
        giveup_log_level: The level of the record of giving up. Default: `40`.
        wait_gen_kwargs: The parameters of `wait_gen`, where it is a function.

    `max_tries`, `max_time` and the parameters of `wait_gen` may be functions without parameters,
    which are asked on each call.
    """

@overload
def on_exception(
    wait_gen: Waits | OriginalWaits | Policy,
    exception: _Exceptions,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    timeout: Seconds | None = None,
    jitter: _Jitter = ...,
    giveup: _Giveup = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    policy_for: _PolicyFor = None,
    groups: bool = False,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    raise_on_giveup: bool,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
) -> _OrNone: ...
@overload
def on_exception(
    wait_gen: _Strategy,
    exception: _Exceptions,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    timeout: Seconds | None = None,
    jitter: _Jitter = ...,
    giveup: _Giveup = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    policy_for: _PolicyFor = None,
    groups: bool = False,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    raise_on_giveup: Literal[True] = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
    base: _Wait = ...,
    factor: _Wait = ...,
    max_value: _Cap = ...,
    interval: _Interval = ...,
    start: _Wait = ...,
    step: _Wait = ...,
    initial_value: _Wait = ...,
    decay_factor: _Number = ...,
    min_value: _Cap = ...,
    value: Callable[[Any], Seconds | None] = ...,
) -> Callable[[_CallableT], _CallableT]: ...
@overload
def on_exception(
    wait_gen: _Strategy,
    exception: _Exceptions,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    timeout: Seconds | None = None,
    jitter: _Jitter = ...,
    giveup: _Giveup = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    policy_for: _PolicyFor = None,
    groups: bool = False,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    raise_on_giveup: bool,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
    base: _Wait = ...,
    factor: _Wait = ...,
    max_value: _Cap = ...,
    interval: _Interval = ...,
    start: _Wait = ...,
    step: _Wait = ...,
    initial_value: _Wait = ...,
    decay_factor: _Number = ...,
    min_value: _Cap = ...,
    value: Callable[[Any], Seconds | None] = ...,
) -> _OrNone: ...
@overload
def on_exception(
    wait_gen: _OwnWaits,
    exception: _Exceptions,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    timeout: Seconds | None = None,
    jitter: _Jitter = ...,
    giveup: _Giveup = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    policy_for: _PolicyFor = None,
    groups: bool = False,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    raise_on_giveup: Literal[True] = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
    **wait_gen_kwargs: Any,
) -> Callable[[_CallableT], _CallableT]: ...
@overload
def on_exception(
    wait_gen: _OwnWaits,
    exception: _Exceptions,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    timeout: Seconds | None = None,
    jitter: _Jitter = ...,
    giveup: _Giveup = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    policy_for: _PolicyFor = None,
    groups: bool = False,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    raise_on_giveup: bool,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
    **wait_gen_kwargs: Any,
) -> _OrNone: ...
@overload
def on_predicate(
    wait_gen: Waits | OriginalWaits | Policy,
    predicate: _Condition = ...,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    timeout: Seconds | None = None,
    jitter: _Jitter = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
) -> Callable[[_CallableT], _CallableT]:
    """Decorates a function to be called again when it returns what `predicate` is true of.

    The last value is returned when it is time to give up.

    Args:
        wait_gen: The seconds to wait: a generator function like `expo`, or a configured strategy
            like `expo(base=3)`.
        predicate: Called with the value; the function is called again where it is true. Default: a
            false value is tried again.
        max_tries: Most tries, the first included. None: no limit. Default: `None`.
        max_time: Most seconds from the start of the first try. None: no limit. Default: `None`.
        last_wait: A wait that would end past `max_time`: "shorten" it to the time that is left and try once more, or "stop" and give up at once. Default: `"shorten"`.
        nested: Inside a try of a visible call: "allow" retries, or try "once", since that call tries again anyway. A call is visible if it has `max_time`, `timeout`, a guard or `nested`, and otherwise from its first retry on. Default: `"allow"`.
        budget: Pays for retries, shared with other calls: a `Budget`, or a function of the call's arguments that gives one. With too few tokens left, the call gives up. Default: `None`.
        breaker: Decides whether to call at all: a `Breaker`, or a function of the call's arguments that gives one. Where it is open, the call raises a `CircuitOpenError` before its first try, and gives up after a later one. Default: `None`.
        counts: Function that takes the error or value of a try and returns whether it is a failure of the target, for the breaker: True, False, or None for neither. None: what is retried is a failure, and what `giveup` gives up on is none. Default: `None`.
        timeout: Most seconds that a try of a coroutine function may take. One that takes longer is cancelled and has raised a `TimeoutError`, which is retried if `exception` names it. No try goes on past the enclosing deadlines. None: no limit. Default: `None`.
        jitter: Function that takes a wait and returns the jittered wait. None: no jitter. Default: `full_jitter`.
        hint: Function that takes the error or value and returns the seconds that it asks to wait, or None. The wait is at least that. A negative hint means now. A hint past `max_time`, or minus infinity (a server's order to stop), gives up. Default: `None`.
        hint_ceiling: The longest hint that is obeyed, in seconds. None: no limit. Default: `300`.
        hint_above: A longer hint leads to "give_up", or "cap" and wait `hint_ceiling` seconds. Default: `"give_up"`.
        hint_spread: How far above a hint the wait may be, so that clients which were turned away together do not come back together: a share of the hint, from 0 to 1. None: a tenth, or nothing without a jitter. Default: `None`.
        on_try: Called with the details before each try: a function, or several. Default: `None`.
        on_success: Called with the details after a success. Default: `None`.
        on_backoff: Called with the details before a wait. Default: `None`.
        on_giveup: Called with the details, `reason` among them, when there will be no more tries, or, with `tries` 0, when a breaker rejects the call. Default: `None`.
        reset_after: After a failed try that lasted at least so many seconds, waits, tries and elapsed begin anew: for connection loops. None: never. Default: `None`.
        cancelled_by: An event, or another object with `wait(timeout)`, that ends a wait at once. The call then gives up with the reason "cancelled". Default: `None`.
        name: The name of the call in log records and metrics. None: the target's name. Default: `None`.
        logger: The logger for the default records, or its name. None: no records. Default: `"backoff"`.
        backoff_log_level: The level of the record of each wait. Default: `20`.
        giveup_log_level: The level of the record of giving up. Default: `40`.
        wait_gen_kwargs: The parameters of `wait_gen`, where it is a function.

    `max_tries`, `max_time` and the parameters of `wait_gen` may be functions without parameters,
    which are asked on each call.
    """

@overload
def on_predicate(
    wait_gen: _Strategy,
    predicate: _Condition = ...,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    timeout: Seconds | None = None,
    jitter: _Jitter = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
    base: _Wait = ...,
    factor: _Wait = ...,
    max_value: _Cap = ...,
    interval: _Interval = ...,
    start: _Wait = ...,
    step: _Wait = ...,
    initial_value: _Wait = ...,
    decay_factor: _Number = ...,
    min_value: _Cap = ...,
    value: Callable[[Any], Seconds | None] = ...,
) -> Callable[[_CallableT], _CallableT]: ...
@overload
def on_predicate(
    wait_gen: _OwnWaits,
    predicate: _Condition = ...,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    timeout: Seconds | None = None,
    jitter: _Jitter = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
    **wait_gen_kwargs: Any,
) -> Callable[[_CallableT], _CallableT]: ...
@overload
def retry_context(
    exception: _Exceptions = ...,
    wait_gen: Waits | OriginalWaits | Policy = ...,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    jitter: _Jitter = ...,
    giveup: _Giveup = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    policy_for: _PolicyFor = None,
    groups: bool = False,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    raise_on_giveup: bool = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
) -> Generator[Attempt]:
    """Gives attempts at a block of code, until one succeeds or it is time to give up.

        for attempt in rebackoff.retry_context(ConnectionError, rebackoff.expo, max_tries=5):
            with attempt:
                connect()

    An error of the block that is one of the exceptions stays in the attempt; the loop waits and
    goes on, or raises it. The details have no `target`, `args` and `kwargs`. A block that leaves the loop by `return` or
    `break` has succeeded for guards; `on_success` is not called.

    Args:
        exception: The exception class, or classes, after which to try again. Default: `Exception`.
        wait_gen: The seconds to wait: a generator function, or a configured strategy. Default: `expo`.
        max_tries: Most tries, the first included. None: no limit. Default: `None`.
        max_time: Most seconds from the start of the first try. None: no limit. Default: `None`.
        last_wait: A wait that would end past `max_time`: "shorten" it to the time that is left and try once more, or "stop" and give up at once. Default: `"shorten"`.
        nested: Inside a try of a visible call: "allow" retries, or try "once", since that call tries again anyway. A call is visible if it has `max_time`, `timeout`, a guard or `nested`, and otherwise from its first retry on. Default: `"allow"`.
        budget: Pays for retries, shared with other calls: a `Budget`, or a function of the call's arguments that gives one. With too few tokens left, the call gives up. Default: `None`.
        breaker: Decides whether to call at all: a `Breaker`, or a function of the call's arguments that gives one. Where it is open, the call raises a `CircuitOpenError` before its first try, and gives up after a later one. Default: `None`.
        counts: Function that takes the error or value of a try and returns whether it is a failure of the target, for the breaker: True, False, or None for neither. None: what is retried is a failure, and what `giveup` gives up on is none. Default: `None`.
        jitter: Function that takes a wait and returns the jittered wait. None: no jitter. Default: `full_jitter`.
        giveup: Function that takes the error and returns whether to give up; it is asked after the last try, too. A function of more parameters takes the call's arguments as well. Default: never.
        hint: Function that takes the error or value and returns the seconds that it asks to wait, or None. The wait is at least that. A negative hint means now. A hint past `max_time`, or minus infinity (a server's order to stop), gives up. Default: `None`.
        hint_ceiling: The longest hint that is obeyed, in seconds. None: no limit. Default: `300`.
        hint_above: A longer hint leads to "give_up", or "cap" and wait `hint_ceiling` seconds. Default: `"give_up"`.
        hint_spread: How far above a hint the wait may be, so that clients which were turned away together do not come back together: a share of the hint, from 0 to 1. None: a tenth, or nothing without a jitter. Default: `None`.
        on_try: Called with the details before each try: a function, or several. Default: `None`.
        on_success: Called with the details after a success. Default: `None`.
        on_backoff: Called with the details before a wait. Default: `None`.
        on_giveup: Called with the details, `reason` among them, when there will be no more tries, or, with `tries` 0, when a breaker rejects the call. Default: `None`.
        policy_for: Policies by error: a dict of exception classes, the first match of which gives waits, jitter and limits after such an error. The other options hold for other errors. Default: `None`.
        groups: Retry an `ExceptionGroup` as well, if all errors in it match `exception`. Default: `False`.
        reset_after: After a failed try that lasted at least so many seconds, waits, tries and elapsed begin anew: for connection loops. None: never. Default: `None`.
        cancelled_by: An event, or another object with `wait(timeout)`, that ends a wait at once. The call then gives up with the reason "cancelled". Default: `None`.
        name: The name of the call in log records and metrics. None: the target's name. Default: `None`.
        raise_on_giveup: Raise the last error on giving up. False: return None. Default: `True`.
        logger: The logger for the default records, or its name. None: no records. Default: `"backoff"`.
        backoff_log_level: The level of the record of each wait. Default: `20`.
        giveup_log_level: The level of the record of giving up. Default: `40`.
        wait_gen_kwargs: The parameters of `wait_gen`, where it is a function.

    `max_tries`, `max_time` and the parameters of `wait_gen` may be functions without parameters,
    which are asked on each call.
    """

@overload
def retry_context(
    exception: _Exceptions = ...,
    wait_gen: _Strategy = ...,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    jitter: _Jitter = ...,
    giveup: _Giveup = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    policy_for: _PolicyFor = None,
    groups: bool = False,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    raise_on_giveup: bool = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
    base: _Wait = ...,
    factor: _Wait = ...,
    max_value: _Cap = ...,
    interval: _Interval = ...,
    start: _Wait = ...,
    step: _Wait = ...,
    initial_value: _Wait = ...,
    decay_factor: _Number = ...,
    min_value: _Cap = ...,
    value: Callable[[Any], Seconds | None] = ...,
) -> Generator[Attempt]: ...
@overload
def retry_context(
    exception: _Exceptions,
    wait_gen: _OwnWaits,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    jitter: _Jitter = ...,
    giveup: _Giveup = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    policy_for: _PolicyFor = None,
    groups: bool = False,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    raise_on_giveup: bool = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
    **wait_gen_kwargs: Any,
) -> Generator[Attempt]: ...
@overload
def retry_context(
    exception: _Exceptions = ...,
    *,
    wait_gen: _OwnWaits,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    jitter: _Jitter = ...,
    giveup: _Giveup = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    policy_for: _PolicyFor = None,
    groups: bool = False,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    raise_on_giveup: bool = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
    **wait_gen_kwargs: Any,
) -> Generator[Attempt]: ...
@overload
def aretry_context(
    exception: _Exceptions = ...,
    wait_gen: Waits | OriginalWaits | Policy = ...,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    jitter: _Jitter = ...,
    giveup: _Giveup = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    policy_for: _PolicyFor = None,
    groups: bool = False,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    raise_on_giveup: bool = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
) -> AsyncGenerator[Attempt]:
    """Gives attempts as `retry_context`, for `async for`; handlers, `giveup` and `jitter` may be async.

        async for attempt in rebackoff.aretry_context(ConnectionError, rebackoff.expo):
            with attempt:
                await connect()

    Args:
        exception: The exception class, or classes, after which to try again. Default: `Exception`.
        wait_gen: The seconds to wait: a generator function, or a configured strategy. Default: `expo`.
        max_tries: Most tries, the first included. None: no limit. Default: `None`.
        max_time: Most seconds from the start of the first try. None: no limit. Default: `None`.
        last_wait: A wait that would end past `max_time`: "shorten" it to the time that is left and try once more, or "stop" and give up at once. Default: `"shorten"`.
        nested: Inside a try of a visible call: "allow" retries, or try "once", since that call tries again anyway. A call is visible if it has `max_time`, `timeout`, a guard or `nested`, and otherwise from its first retry on. Default: `"allow"`.
        budget: Pays for retries, shared with other calls: a `Budget`, or a function of the call's arguments that gives one. With too few tokens left, the call gives up. Default: `None`.
        breaker: Decides whether to call at all: a `Breaker`, or a function of the call's arguments that gives one. Where it is open, the call raises a `CircuitOpenError` before its first try, and gives up after a later one. Default: `None`.
        counts: Function that takes the error or value of a try and returns whether it is a failure of the target, for the breaker: True, False, or None for neither. None: what is retried is a failure, and what `giveup` gives up on is none. Default: `None`.
        jitter: Function that takes a wait and returns the jittered wait. None: no jitter. Default: `full_jitter`.
        giveup: Function that takes the error and returns whether to give up; it is asked after the last try, too. A function of more parameters takes the call's arguments as well. Default: never.
        hint: Function that takes the error or value and returns the seconds that it asks to wait, or None. The wait is at least that. A negative hint means now. A hint past `max_time`, or minus infinity (a server's order to stop), gives up. Default: `None`.
        hint_ceiling: The longest hint that is obeyed, in seconds. None: no limit. Default: `300`.
        hint_above: A longer hint leads to "give_up", or "cap" and wait `hint_ceiling` seconds. Default: `"give_up"`.
        hint_spread: How far above a hint the wait may be, so that clients which were turned away together do not come back together: a share of the hint, from 0 to 1. None: a tenth, or nothing without a jitter. Default: `None`.
        on_try: Called with the details before each try: a function, or several. Default: `None`.
        on_success: Called with the details after a success. Default: `None`.
        on_backoff: Called with the details before a wait. Default: `None`.
        on_giveup: Called with the details, `reason` among them, when there will be no more tries, or, with `tries` 0, when a breaker rejects the call. Default: `None`.
        policy_for: Policies by error: a dict of exception classes, the first match of which gives waits, jitter and limits after such an error. The other options hold for other errors. Default: `None`.
        groups: Retry an `ExceptionGroup` as well, if all errors in it match `exception`. Default: `False`.
        reset_after: After a failed try that lasted at least so many seconds, waits, tries and elapsed begin anew: for connection loops. None: never. Default: `None`.
        cancelled_by: An event, or another object with `wait(timeout)`, that ends a wait at once. The call then gives up with the reason "cancelled". Default: `None`.
        name: The name of the call in log records and metrics. None: the target's name. Default: `None`.
        raise_on_giveup: Raise the last error on giving up. False: return None. Default: `True`.
        logger: The logger for the default records, or its name. None: no records. Default: `"backoff"`.
        backoff_log_level: The level of the record of each wait. Default: `20`.
        giveup_log_level: The level of the record of giving up. Default: `40`.
        wait_gen_kwargs: The parameters of `wait_gen`, where it is a function.

    `max_tries`, `max_time` and the parameters of `wait_gen` may be functions without parameters,
    which are asked on each call.
    """

@overload
def aretry_context(
    exception: _Exceptions = ...,
    wait_gen: _Strategy = ...,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    jitter: _Jitter = ...,
    giveup: _Giveup = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    policy_for: _PolicyFor = None,
    groups: bool = False,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    raise_on_giveup: bool = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
    base: _Wait = ...,
    factor: _Wait = ...,
    max_value: _Cap = ...,
    interval: _Interval = ...,
    start: _Wait = ...,
    step: _Wait = ...,
    initial_value: _Wait = ...,
    decay_factor: _Number = ...,
    min_value: _Cap = ...,
    value: Callable[[Any], Seconds | None] = ...,
) -> AsyncGenerator[Attempt]: ...
@overload
def aretry_context(
    exception: _Exceptions,
    wait_gen: _OwnWaits,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    jitter: _Jitter = ...,
    giveup: _Giveup = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    policy_for: _PolicyFor = None,
    groups: bool = False,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    raise_on_giveup: bool = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
    **wait_gen_kwargs: Any,
) -> AsyncGenerator[Attempt]: ...
@overload
def aretry_context(
    exception: _Exceptions = ...,
    *,
    wait_gen: _OwnWaits,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    jitter: _Jitter = ...,
    giveup: _Giveup = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    policy_for: _PolicyFor = None,
    groups: bool = False,
    reset_after: Seconds | None = None,
    cancelled_by: _Signal = None,
    name: str | None = None,
    raise_on_giveup: bool = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
    **wait_gen_kwargs: Any,
) -> AsyncGenerator[Attempt]: ...

class _RetryOptions(TypedDict, total=False):
    max_tries: _MaxTries
    max_time: _MaxTime
    last_wait: _LastWait
    nested: _Nested
    budget: _Budget
    breaker: _Breaker
    counts: Callable[[Any], bool | None] | None
    timeout: Seconds | None
    jitter: _Jitter
    giveup: _Giveup
    hint: _Hint
    hint_ceiling: Seconds | None
    hint_above: _HintAbove
    hint_spread: float | None
    on_try: _Handlers
    on_success: _Handlers
    on_backoff: _Handlers
    on_giveup: _Handlers
    policy_for: _PolicyFor
    groups: bool
    reset_after: Seconds | None
    cancelled_by: _Signal
    name: str | None
    logger: _AnyLoggerOrName | None
    backoff_log_level: int
    giveup_log_level: int
