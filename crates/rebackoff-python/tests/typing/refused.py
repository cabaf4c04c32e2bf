"""Mistakes that type checkers refuse. Each line that is marked has an error; mypy warns of a mark without one."""

from __future__ import annotations

import rebackoff
from rebackoff import on_excepton  # type: ignore[attr-defined]  # noqa: F401


def target(number: int) -> str:
    return str(number)


decorated = rebackoff.on_exception(rebackoff.expo, ValueError)(target)
decorated("1")  # type: ignore[arg-type]
length: int = decorated(1)  # type: ignore[assignment]

rebackoff.expo(bse=3)  # type: ignore[call-arg]
rebackoff.on_exception(rebackoff.expo(base=3), ValueError, max_trys=3)  # type: ignore[call-overload]
rebackoff.on_exception(rebackoff.expo, ValueError, max_trys=3)  # type: ignore[arg-type]
rebackoff.on_predicate(rebackoff.fibo, max_trys=3)  # type: ignore[arg-type]
rebackoff.on_predicate(rebackoff.runtime, value=len, jiter=None)  # type: ignore[arg-type]
rebackoff.on_exception(rebackoff.expo, ValueError, base="3")  # type: ignore[arg-type]
rebackoff.on_exception(rebackoff.Policy(), ValueError, max_trys=3)  # type: ignore[call-overload]
rebackoff.retry_context(ValueError, max_trys=3)  # type: ignore[call-overload]
rebackoff.aretry_context(ValueError, rebackoff.expo, max_trys=3)  # type: ignore[arg-type]
rebackoff.Policy(wiat=3)  # type: ignore[call-arg]
rebackoff.Policy(last_wait="shrink")  # type: ignore[arg-type]
rebackoff.Policy().replace(max_trys=3)  # type: ignore[call-arg]
rebackoff.retry_with(decorated, max_trys=3)  # type: ignore[call-overload]
options: rebackoff.types.RetryOptions = {"max_trys": 3}  # type: ignore[typeddict-unknown-key]
settings: rebackoff.types.PolicySettings = {"wiat": 3}  # type: ignore[typeddict-unknown-key]
rebackoff.on_predicate(rebackoff.fibo(), max_vale=3)  # type: ignore[call-overload]
rebackoff.on_exception(rebackoff.expo, ValueError, max_tries="3")  # type: ignore[call-overload]
rebackoff.on_exception(rebackoff.expo, 5)  # type: ignore[call-overload]
rebackoff.on_exception(5, ValueError)  # type: ignore[call-overload]
rebackoff.retry_context(ValueError, max_tries=[3])  # type: ignore[call-overload]
rebackoff.on_exception(rebackoff.expo, ValueError, max_time=9, last_wait="shrink")  # type: ignore[call-overload]
rebackoff.on_exception(rebackoff.expo, ValueError, giveup=lambda: True)  # type: ignore[arg-type]
silent = rebackoff.on_exception(rebackoff.expo, ValueError, raise_on_giveup=False)(target)
text: str = silent(1)  # type: ignore[assignment]
rebackoff.on_exceptoin(rebackoff.expo, OSError)  # type: ignore[attr-defined]
rebackoff.testing.no_wiat()  # type: ignore[attr-defined]
rebackoff.Breaker(fail_max=5)  # type: ignore[arg-type]
raise rebackoff.CircuitOpenEror  # type: ignore[attr-defined]
