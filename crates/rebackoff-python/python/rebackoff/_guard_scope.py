"""The scope of a guard's state: this process, the processes of a host, or a fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rebackoff import _guard_parameters
from rebackoff._mistakes import mistake

if TYPE_CHECKING:
    from rebackoff._fleet import Fleet


def placed(
    name: str | None, shared: str | Fleet | None
) -> tuple[str | None, Fleet | None, dict[str, Any]]:
    """Name and fleet of a guard, and where its state is, as the extension takes it."""
    if shared is None:
        return _guard_parameters.text("name", name), None, {}
    if isinstance(shared, str) and "://" not in shared:
        host = _guard_parameters.text("shared", shared)
        return (
            _guard_parameters.text("name", host if name is None else name),
            None,
            {"shared": host},
        )
    from rebackoff._fleet import fleet_of

    fleet = fleet_of(shared)
    if name is None:
        raise mistake(TypeError, "name", "a text for a guard of a fleet", name)
    return _guard_parameters.text("name", name), fleet, {"shared": name, "fleet": fleet.terms}


def scope_of(guard: Any) -> str:
    """`"process"`, `"host"` or `"fleet"`."""
    if guard.fleet is not None:
        return "fleet"
    return "process" if guard._parameters["shared"] is None else "host"


def state_of(guard: Any) -> dict[str, Any]:
    """The part of a snapshot that only shared guards have."""
    of_fleet = {} if guard.fleet is None else {"degraded": guard.degraded}
    return {**dict(guard.core.host_counts), **of_fleet}


def report(guard: Any) -> None:
    """Logs a change of the guard's fleet."""
    if guard.fleet is not None:
        guard.fleet.report()


def report_others(guard: Any) -> None:
    """Logs the guards of the same name with other parameters: a rolling release, or a mistake."""
    for other in guard.core.others:
        import logging

        kind, name = type(guard).__name__.lower(), guard._parameters["shared"]
        rule = "the shared %s %r has other parameters in another process: %s; here: %s"
        logging.getLogger("rebackoff").warning(rule, kind, name, other, guard.core)
