"""Budgets: the retries that many calls may spend together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rebackoff import _guard_parameters, _native
from rebackoff._clock import now
from rebackoff._guard_scope import ScopedGuard, is_of_fleet
from rebackoff._mistakes import mistake
from rebackoff._typing import Seconds

if TYPE_CHECKING:
    from rebackoff._fleet import Fleet


class Budget(ScopedGuard):
    """The retries that many calls may spend together, so that an outage is not answered with a
    multiple of its load.

    Made by `per_second`, `share`, `quota` or `throttle`, which differ in what fills the bucket. A
    `dry_run` refuses no retry and only counts; `name` is its name in metrics. A copy, and a budget that travels to
    another process, has the same parameters and begins anew.

    With `shared="shop"`, all processes of the host that give this name and the same parameters have one budget, which
    lies in a memory-mapped file (Linux). Its own counters are those of the process; those of the host, in `snapshot`,
    begin with `host_`.

    With `name="shop"` and a `Fleet` or the address of a Redis as `shared`, all processes of the fleet have one budget;
    `per_second` and `share` can be shared so.
    """

    __slots__ = ("_kind",)
    core: _native.Budget
    _kind: str

    def __new__(cls) -> Budget:
        raise TypeError("a Budget is made by per_second(), share(), quota() or throttle()")

    @classmethod
    def per_second(
        cls,
        *,
        rate: float | None = None,
        capacity: int | None = None,
        dry_run: bool = False,
        name: str | None = None,
        shared: str | Fleet | None = None,
    ) -> Budget:
        """A bucket that time fills: `rate` tokens a second, at most `capacity`, full at first. A retry
        takes one.
        """
        checks = {"rate": _guard_parameters.rate, "capacity": _guard_parameters.count}
        return cls._of("per_second", dry_run, name, shared, given=(rate, capacity), **checks)

    @classmethod
    def share(
        cls,
        *,
        ratio: float | None = None,
        floor: float | None = None,
        ttl: Seconds | None = None,
        dry_run: bool = False,
        name: str | None = None,
        shared: str | Fleet | None = None,
    ) -> Budget:
        """A share of the calls: `ratio` retries for each call of the last `ttl` seconds, and `floor` a
        second on top. The rule and the defaults are Finagle's.
        """
        checks = {
            "ratio": _guard_parameters.rate,
            "floor": _guard_parameters.rate,
            "ttl": _guard_parameters.duration,
        }
        return cls._of("share", dry_run, name, shared, given=(ratio, floor, ttl), **checks)

    @classmethod
    def quota(
        cls,
        *,
        capacity: int | None = None,
        retry_cost: int | None = None,
        timeout_cost: int | None = None,
        throttled_cost: int | None = None,
        dry_run: bool = False,
        name: str | None = None,
        shared: str | Fleet | None = None,
    ) -> Budget:
        """A quota that successes give back: a retry takes `retry_cost` of `capacity`, one after a
        timeout `timeout_cost`, one after a server that throttles `throttled_cost` (default: `retry_cost`);
        a success gives back what its last retry took, or 1. The rule and the defaults are those of the
        AWS SDKs before 2026; `Budget.aws()` has today's.

        A timeout is an error whose class is called one. A server throttles by status 429, or by a class
        such as `ThrottlingException`.
        """
        given = (capacity, retry_cost, timeout_cost, throttled_cost)
        names = ("capacity", "retry_cost", "timeout_cost", "throttled_cost")
        return cls._of(
            "quota",
            dry_run,
            name,
            shared,
            given=given,
            **dict.fromkeys(names, _guard_parameters.count),
        )

    @classmethod
    def aws(
        cls, *, dry_run: bool = False, name: str | None = None, shared: str | Fleet | None = None
    ) -> Budget:
        """The quota of the AWS SDKs since 2026: 500, of which a retry takes 14, and one after a server
        that throttles 5. The waits of those SDKs: `expo(factor=0.05, max_value=20)` and 3 tries, with
        `factor=1` after a server that throttles.
        """
        prices = {"retry_cost": 14, "timeout_cost": 14, "throttled_cost": 5}
        return cls.quota(**prices, dry_run=dry_run, name=name, shared=shared)

    @classmethod
    def throttle(
        cls,
        *,
        max_tokens: int | None = None,
        token_ratio: float | None = None,
        dry_run: bool = False,
        name: str | None = None,
        shared: str | Fleet | None = None,
    ) -> Budget:
        """A throttle: a failure takes a token, a success gives `token_ratio` of one, and retries pass
        while there is more than half of `max_tokens`. The rule is gRPC's (A6).
        """
        checks = {"max_tokens": _guard_parameters.count, "token_ratio": _guard_parameters.rate}
        return cls._of("throttle", dry_run, name, shared, given=(max_tokens, token_ratio), **checks)

    @classmethod
    def _of(
        cls,
        kind: str,
        dry_run: bool,
        name: str | None,
        shared: str | Fleet | None,
        *,
        given: tuple[Any, ...],
        **checks: Callable[..., Any],
    ) -> Budget:
        values = zip(checks.items(), given, strict=True)
        parameters = {key: check(key, one) for (key, check), one in values if one is not None}
        if kind not in ("per_second", "share") and is_of_fleet(shared):
            rule = f"None or a name for a budget of the kind {kind}: a fleet shares per_second and share"
            raise mistake(ValueError, "shared", rule, shared)
        budget = object.__new__(cls)
        budget._kind = kind
        make = getattr(_native.Budget, kind)
        budget._begin(make, parameters, dry_run=dry_run, name=name, shared=shared)
        return budget

    @property
    def tokens(self) -> float:
        """The tokens that are left; retries for a `share`."""
        return self.core.tokens(now())

    @property
    def refused(self) -> int:
        """The number of refused retries; in a dry run, of those that would have been."""
        return self.core.refused

    def handle_start(self) -> None:
        """A call begins. The decorators report that, and what follows, by themselves."""
        self.core.handle_start(now())

    def handle_failure(self) -> None:
        """A try failed in a way that another may mend."""
        self.core.handle_failure()

    def handle_success(self, last: _native.Withdrawal | None = None) -> None:
        """A call succeeded; `last` is what its last retry withdrew, if it needed one."""
        self.core.handle_success(last)

    def withdraw(
        self, *, timeout: bool = False, throttled: bool = False
    ) -> _native.Withdrawal | None:
        """Pays for a retry; None when there is too little left, and the retry is not to be made."""
        word = "timeout" if timeout else "throttled" if throttled else "retry"
        self.report()
        return self.core.withdraw(word, now())

    def refund(self, withdrawal: _native.Withdrawal) -> None:
        """Gives back what a retry took that is not made after all; once for each withdrawal."""
        self.core.refund(withdrawal)

    def __repr__(self) -> str:
        return f"<Budget {_guard_parameters.prefix(self.name)}{self.core}>"

    def snapshot(self) -> dict[str, Any]:
        """The state now: name, kind, tokens, refused and dry_run."""
        return self._snapshot(kind=self._kind, tokens=self.tokens, refused=self.refused)

    def __reduce__(self) -> tuple[Any, ...]:
        parameters = {**self._parameters, "name": self.name}
        return _guard_parameters.made_again, (type(self), parameters, self._kind)
