"""The decorators and retry contexts."""

from operator import not_

from rebackoff import _async, _callables, _sync
from rebackoff._common import Attempt
from rebackoff._jitter import full_jitter
from rebackoff._options import Options, never
from rebackoff._wait_gen import expo

_INFO, _ERROR = 20, 40  # logging.INFO, logging.ERROR


def on_exception(
    wait_gen,
    exception,
    *,
    max_tries=None,
    max_time=None,
    last_wait="shorten",
    nested="allow",
    budget=None,
    breaker=None,
    counts=None,
    timeout=None,
    jitter=full_jitter,
    giveup=never,
    hint=None,
    hint_ceiling=300,
    hint_above="give_up",
    hint_spread=None,
    on_try=None,
    on_success=None,
    on_backoff=None,
    on_giveup=None,
    raise_on_giveup=True,
    logger="backoff",
    backoff_log_level=_INFO,
    giveup_log_level=_ERROR,
    **wait_gen_kwargs,
):
    """Decorates a function to be called again when it raises.

    Blocking functions, coroutine functions, generator functions (until their first item), methods,
    partials and callable objects can be decorated.

    Args:
        wait_gen: What gives the seconds to wait: a generator function like `expo`, or a configured
            one like `expo(base=3)`.
        exception: The exception, or the exceptions, after which to try again. `BaseException` does
            not mean `KeyboardInterrupt`, `SystemExit`, `GeneratorExit` or a cancellation; these are
            retried only where they are named themselves.
        max_tries: Most tries, the first included. None: no limit.
        max_time: Most seconds from the start of the first try. None: no limit.
        last_wait: What happens to a wait that would end past `max_time`: "shorten" it to the time
            that is left and try once more, or "stop" and give up at once.
        nested: What it does inside a try of another call that is retried: "allow" retries there,
            "once" tries once, since the outer call tries again anyway.
        budget: What pays for retries, shared with other calls: a `Budget`, or a function of the
            call's arguments that gives one. With too little left, the call gives up.
        breaker: What says whether to call at all: a `Breaker`, or a function of the call's arguments
            that gives one. Where it is open, the call raises a `CircuitOpenError` before its first
            try, and gives up after a later one.
        counts: Asked with the error or value of a try whether it is a failure of the target, for
            the breaker: True, False, or None for neither. Unless given, what is retried is one, and
            what `giveup` gives up on is none.
        timeout: Most seconds that a try of a coroutine function may take. One that takes longer is
            cancelled and has raised a `TimeoutError`, which is retried if `exception` names it. Nor
            does a try go on past the deadlines around the call. None: no limit.
        jitter: What spreads a wait, given it. None: nothing.
        giveup: Asked with the error whether to give up; it is asked after the last try, too.
        hint: Asked with the error for the seconds that it asks to wait, or None. The wait is at
            least that; a hint past `max_time`, or a negative one, gives up.
        hint_ceiling: The longest hint that is obeyed, in seconds. None: no limit.
        hint_above: What a longer hint leads to: "give_up", or "cap" and wait `hint_ceiling` seconds.
        hint_spread: How far above a hint the wait may be, so that clients which were turned away
            together do not come back together: a share of the hint, from 0 to 1. None: a tenth, or
            nothing without a jitter.
        on_try: Called with the details before each try: a function, or several.
        on_success: Called with the details after a success.
        on_backoff: Called with the details before a wait.
        on_giveup: Called with the details, `reason` among them, when there will be no more tries, or, with
            `tries` 0, when a breaker lets none through.
        raise_on_giveup: Whether to raise the last error then, or else return None.
        logger: The logger for the default records, or its name. None: no records.
        backoff_log_level: The level of the record of each wait.
        giveup_log_level: The level of the record of giving up.
        **wait_gen_kwargs: The parameters of `wait_gen`.

    `max_tries`, `max_time` and the parameters of `wait_gen` may be functions without parameters,
    which are asked on each call.
    """
    options = Options(
        exception,
        wait_gen,
        wait_gen_kwargs,
        max_tries=max_tries,
        max_time=max_time,
        last_wait=last_wait,
        nested=nested,
        budget=budget,
        breaker=breaker,
        counts=counts,
        timeout=timeout,
        jitter=jitter,
        giveup=giveup,
        hint=hint,
        hint_ceiling=hint_ceiling,
        hint_above=hint_above,
        hint_spread=hint_spread,
        on_try=on_try,
        on_success=on_success,
        on_backoff=on_backoff,
        on_giveup=on_giveup,
        raise_on_giveup=raise_on_giveup,
        logger=logger,
        backoff_log_level=backoff_log_level,
        giveup_log_level=giveup_log_level,
    )

    def decorate(target):
        return _decorated(options, target)

    return decorate


def on_predicate(
    wait_gen,
    predicate=not_,
    *,
    max_tries=None,
    max_time=None,
    last_wait="shorten",
    nested="allow",
    budget=None,
    breaker=None,
    counts=None,
    timeout=None,
    jitter=full_jitter,
    hint=None,
    hint_ceiling=300,
    hint_above="give_up",
    hint_spread=None,
    on_try=None,
    on_success=None,
    on_backoff=None,
    on_giveup=None,
    logger="backoff",
    backoff_log_level=_INFO,
    giveup_log_level=_ERROR,
    **wait_gen_kwargs,
):
    """Decorates a function to be called again when it returns what `predicate` is true of.

    The last value is returned when it is time to give up. Without a predicate, the function is
    called again while it returns something false. The options are those of `on_exception`; `hint`
    is asked with the value.
    """
    options = Options(
        predicate,
        wait_gen,
        wait_gen_kwargs,
        by_predicate=True,
        max_tries=max_tries,
        max_time=max_time,
        last_wait=last_wait,
        nested=nested,
        budget=budget,
        breaker=breaker,
        counts=counts,
        timeout=timeout,
        jitter=jitter,
        hint=hint,
        hint_ceiling=hint_ceiling,
        hint_above=hint_above,
        hint_spread=hint_spread,
        on_try=on_try,
        on_success=on_success,
        on_backoff=on_backoff,
        on_giveup=on_giveup,
        logger=logger,
        backoff_log_level=backoff_log_level,
        giveup_log_level=giveup_log_level,
    )

    def decorate(target):
        return _decorated(options, target)

    return decorate


def retry_context(
    exception=Exception,
    wait_gen=expo,
    *,
    max_tries=None,
    max_time=None,
    last_wait="shorten",
    nested="allow",
    budget=None,
    breaker=None,
    counts=None,
    jitter=full_jitter,
    giveup=never,
    hint=None,
    hint_ceiling=300,
    hint_above="give_up",
    hint_spread=None,
    on_try=None,
    on_success=None,
    on_backoff=None,
    on_giveup=None,
    raise_on_giveup=True,
    logger="backoff",
    backoff_log_level=_INFO,
    giveup_log_level=_ERROR,
    **wait_gen_kwargs,
):
    """Gives attempts at a block of code, until one succeeds or it is time to give up.

        for attempt in rebackoff.retry_context(ConnectionError, rebackoff.expo, max_tries=5):
            with attempt:
                connect()

    An error of the block that is one of the exceptions stays in the attempt; the loop waits and
    goes on, or raises it. The options are those of `on_exception`; the details have no `target`,
    `args` and `kwargs`.
    """
    options = Options(
        exception,
        wait_gen,
        wait_gen_kwargs,
        max_tries=max_tries,
        max_time=max_time,
        last_wait=last_wait,
        nested=nested,
        budget=budget,
        breaker=breaker,
        counts=counts,
        jitter=jitter,
        giveup=giveup,
        hint=hint,
        hint_ceiling=hint_ceiling,
        hint_above=hint_above,
        hint_spread=hint_spread,
        on_try=on_try,
        on_success=on_success,
        on_backoff=on_backoff,
        on_giveup=on_giveup,
        raise_on_giveup=raise_on_giveup,
        logger=logger,
        backoff_log_level=backoff_log_level,
        giveup_log_level=giveup_log_level,
    )
    return _sync.retry_context(options.run(None, is_async=False), options.trigger, Attempt)


def aretry_context(
    exception=Exception,
    wait_gen=expo,
    *,
    max_tries=None,
    max_time=None,
    last_wait="shorten",
    nested="allow",
    budget=None,
    breaker=None,
    counts=None,
    jitter=full_jitter,
    giveup=never,
    hint=None,
    hint_ceiling=300,
    hint_above="give_up",
    hint_spread=None,
    on_try=None,
    on_success=None,
    on_backoff=None,
    on_giveup=None,
    raise_on_giveup=True,
    logger="backoff",
    backoff_log_level=_INFO,
    giveup_log_level=_ERROR,
    **wait_gen_kwargs,
):
    """The same as `retry_context` for `async for`; handlers, `giveup` and `jitter` may be async.

    async for attempt in rebackoff.aretry_context(ConnectionError, rebackoff.expo):
        with attempt:
            await connect()
    """
    options = Options(
        exception,
        wait_gen,
        wait_gen_kwargs,
        max_tries=max_tries,
        max_time=max_time,
        last_wait=last_wait,
        nested=nested,
        budget=budget,
        breaker=breaker,
        counts=counts,
        jitter=jitter,
        giveup=giveup,
        hint=hint,
        hint_ceiling=hint_ceiling,
        hint_above=hint_above,
        hint_spread=hint_spread,
        on_try=on_try,
        on_success=on_success,
        on_backoff=on_backoff,
        on_giveup=on_giveup,
        raise_on_giveup=raise_on_giveup,
        logger=logger,
        backoff_log_level=backoff_log_level,
        giveup_log_level=giveup_log_level,
    )
    return _async.retry_context(options.run(None, is_async=True), options.trigger, Attempt)


def _decorated(options, target):
    import functools

    if not callable(target):
        raise TypeError(f"only what can be called can be decorated, but this is {target!r}")
    by_predicate = options.by_predicate
    is_async = _callables.is_async(target)
    if not by_predicate and _callables.is_async_generator(target):
        from rebackoff._generators import retry_async_generator as build

        is_async = True
    elif not by_predicate and _callables.is_generator(target):
        from rebackoff._generators import retry_generator as build
    else:
        module = _async if is_async else _sync
        build = module.retry_predicate if by_predicate else module.retry_exception
    run = options.run(target, is_async=is_async)
    timeout = options.timeout
    called = target if timeout is None else _limited(run, target, timeout)
    function = functools.wraps(target)(build(run, called, options.trigger))
    if not hasattr(target, "__name__"):
        function.__name__ = function.__qualname__ = _callables.name_of(target)
    return function


def _limited(run, target, timeout):
    from rebackoff._timeouts import limited

    return limited(run, target, timeout)
