"""The base of budgets and breakers: a name, and the scope of their state: this process, a host, or a fleet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rebackoff import _guard_parameters
from rebackoff._mistakes import mistake

if TYPE_CHECKING:
    from rebackoff._fleet import Fleet


def is_of_fleet(shared: object) -> bool:
    """Returns whether `shared` means a fleet: neither None nor the name of a guard of the host."""
    return not (shared is None or (isinstance(shared, str) and "://" not in shared))


class ScopedGuard:
    """A guard of the extension, its name, and the scope of its state."""

    __slots__ = ("__weakref__", "_parameters", "core", "fleet", "name")
    core: Any
    fleet: Fleet | None
    name: str | None
    _parameters: dict[str, Any]

    def _begin(
        self,
        make: Callable[..., Any],
        parameters: dict[str, Any],
        *,
        dry_run: bool,
        name: str | None,
        shared: str | Fleet | None,
    ) -> None:
        """Makes the guard of the extension, with its state where `shared` says."""
        parameters["dry_run"] = _guard_parameters.flag("dry_run", dry_run)
        self._parameters = {**parameters, "shared": shared}
        self.name, self.fleet, place = _placed(name, shared)
        self.core = make(**parameters, **place)
        # a rolling release, or a mistake
        for other in self.core.others:
            import logging

            rule = "the shared %s %r has other parameters in another process: %s; here: %s"
            kind = type(self).__name__.lower()
            logging.getLogger("rebackoff").warning(rule, kind, shared, other, self.core)

    @property
    def scope(self) -> str:
        """`"process"`, `"host"` or `"fleet"`: where its state is."""
        if self.fleet is not None:
            return "fleet"
        return "process" if self._parameters["shared"] is None else "host"

    @property
    def degraded(self) -> bool:
        """Returns whether it goes on without the Redis of its fleet."""
        return bool(self.core.is_degraded)

    @property
    def dry_run(self) -> bool:
        """Returns whether this is a dry run, which refuses nothing and only counts."""
        return bool(self.core.dry_run)

    def report(self) -> None:
        """Logs a change of the guard's fleet."""
        if self.fleet is not None:
            self.fleet.report()

    def _snapshot(self, **state: Any) -> dict[str, Any]:
        of_fleet = {} if self.fleet is None else {"degraded": self.degraded}
        shared = {**dict(self.core.host_counts), **of_fleet}
        return {"name": self.name, **state, "dry_run": self.dry_run, **shared}


def _placed(
    name: str | None, shared: str | Fleet | None
) -> tuple[str | None, Fleet | None, dict[str, Any]]:
    """Name and fleet of a guard, and where its state is, as the extension takes it."""
    if not is_of_fleet(shared):
        host = _guard_parameters.text("shared", shared)
        place = {} if host is None else {"shared": host}
        return _guard_parameters.text("name", host if name is None else name), None, place
    from rebackoff._fleet import fleet_of

    fleet = fleet_of(shared)
    if name is None:
        raise mistake(TypeError, "name", "a text for a guard of a fleet", name)
    return _guard_parameters.text("name", name), fleet, {"shared": name, "fleet": fleet.terms}
