"""The simulator: the effect of a policy on a service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rebackoff._mistakes import mistake
from rebackoff._native import simulate as _simulate
from rebackoff._seconds import whole_within

_MOST_RUNS, _MOST_SEED, _MOST_THREADS = 100_000, 2**64 - 1, 2**16 - 1


class Simulation:
    """The report of a simulated scenario.

    `simulation["amplification"]` is the mean of a figure of the first case, or of the only one.

    Attributes:
        report: The whole report: name, seed, runs, cases with figures and time series, and checks.
    """

    __slots__ = ("report",)

    def __init__(self, report: dict[str, Any]) -> None:
        self.report = report

    def __getitem__(self, figure: str) -> float:
        figures = self.cases[0]["figures"]
        if figure not in figures:
            message = f"no run has a figure {figure!r}: known are {', '.join(figures)}"
            raise KeyError(message)
        mean: float = figures[figure]["mean"]
        return mean

    def __repr__(self) -> str:
        name, cases = self.report["name"], len(self.cases)
        return f"<Simulation {name!r}: {cases} case{'' if cases == 1 else 's'}>"

    @property
    def cases(self) -> list[dict[str, Any]]:
        """The cases of the sweep; one without a sweep."""
        cases: list[dict[str, Any]] = self.report["cases"]
        return cases

    @property
    def is_as_expected(self) -> bool:
        """Returns whether every bound of `expect` holds."""
        return all(check["holds"] for check in self.report["checks"])

    def table(self) -> dict[str, list[Any]]:
        """The figures of all cases as columns, for `pandas.DataFrame`: a row for each figure of each case."""
        rows = [
            {"case": index, **case["parameters"], "figure": name, **figure}
            for index, case in enumerate(self.cases)
            for name, figure in case["figures"].items()
        ]
        return {column: [row[column] for row in rows] for column in (rows[0] if rows else ())}

    def series(self, case: int = 0) -> dict[str, list[float]]:
        """The time series of a case as columns, for `pandas.DataFrame`: a row for each bin."""
        series = self.cases[case]["series"]
        return {name: values for name, values in series.items() if name != "bin"}


def simulate(
    scenario: str | Mapping[str, Any],
    *,
    runs: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
) -> Simulation:
    """Simulates a scenario: clients that call servers through rebackoff's own engine and guards.

    Args:
        scenario: The text of a scenario in TOML, or a dict of the same keys.
        runs: Number of replications of each case, in place of the scenario's.
        seed: Seed of the draws, in place of the scenario's.
        threads: Number of threads, all processors by default. The figures do not depend on it.

    Raises:
        TypeError: An argument is of the wrong kind.
        ValueError: The scenario or a number is wrong, or needs more memory or time than the bounds.

    Example:
        >>> simulation = simulate("duration = '10s'\nload.rate = 10\nserver.api = {}")
        >>> simulation["amplification"]
        1.0
    """
    if not isinstance(scenario, str | Mapping):
        raise mistake(TypeError, "scenario", "a text or a dict", scenario)
    runs = None if runs is None else whole_within("runs", runs, 1, _MOST_RUNS)
    seed = None if seed is None else whole_within("seed", seed, 0, _MOST_SEED)
    threads = None if threads is None else whole_within("threads", threads, 1, _MOST_THREADS)
    text = scenario if isinstance(scenario, str) else json.dumps(scenario, default=_plain)
    return Simulation(json.loads(_simulate(text, runs, seed, threads)))


def _plain(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise mistake(TypeError, "scenario", "of texts, numbers, lists and dicts", value)
