"""The conditions of presets and clients, and the checks of what these are made of."""

from __future__ import annotations

from collections.abc import Collection

from rebackoff._callables import is_async, refuses
from rebackoff._mistakes import mistake
from rebackoff._option_table import OPTIONS
from rebackoff._policy import Policy
from rebackoff._wait_gen import Waits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def either(first: Callable[..., bool], giveup: Any) -> Any:
    """A condition that is true where `first`, which takes the arguments of the call, or `giveup` is, which may, and may be async."""
    OPTIONS["giveup"].check("giveup", giveup)
    takes_arguments = refuses(giveup, 1)

    def second(error: Any, /, *args: Any, **kwargs: Any) -> Any:
        return giveup(error, *args, **kwargs) if takes_arguments else giveup(error)

    def called(error: Any, /, *args: Any, **kwargs: Any) -> Any:
        return first(error, *args, **kwargs) or second(error, *args, **kwargs)

    async def awaited(error: Any, /, *args: Any, **kwargs: Any) -> Any:
        return first(error, *args, **kwargs) or await second(error, *args, **kwargs)

    condition: Any = awaited if is_async(giveup) else called
    condition.takes_arguments = True
    return condition


def check_statuses(name: str, statuses: object) -> None:
    """Raises a TypeError where the value is no collection of statuses."""
    is_collection = isinstance(statuses, Collection) and not isinstance(statuses, str | bytes)
    if not is_collection or not all(isinstance(status, int) for status in statuses):  # type: ignore[attr-defined]
        rule = "a collection of statuses, such as {429, 503}"
        raise mistake(TypeError, name, rule, statuses)


def check_flags(**flags: object) -> None:
    """Raises a TypeError where a value is not True or False."""
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise mistake(TypeError, name, "True or False", value)


def check_request(
    *, method: object = None, any_method: object = False, statuses: object = ()
) -> None:
    """Raises a TypeError for a wrong option of the functions that judge a request."""
    if not (method is None or isinstance(method, str)):
        raise mistake(TypeError, "method", "a text, such as 'POST', or None", method)
    check_flags(any_method=any_method)
    check_statuses("statuses", statuses)


def check_policy(policy: Any) -> None:
    """Raises a TypeError where the value is neither a policy nor a wait strategy."""
    if not isinstance(policy, Policy | Waits) and not callable(policy):
        rule = "a Policy, such as Policy('expo', max_tries=5), or a wait strategy"
        raise mistake(TypeError, "policy", rule, policy)
