"""Events of structlog."""

from __future__ import annotations

from typing import Any

from rebackoff.telemetry._exporter import Exporter
from rebackoff.telemetry._optional import missing
from rebackoff.telemetry._record import Record

try:
    import structlog
except ImportError as error:
    raise missing("structlog", "structlog", error) from error

__all__ = ["StructlogExporter"]


class StructlogExporter(Exporter):
    """Logs `rebackoff.backoff` (info), `rebackoff.giveup` (error) and, after retries, `rebackoff.success` (debug).

    The fields are `target`, `tries` and `elapsed`, and where they are known `wait`, `reason` and
    `error`.

    Args:
        logger: The bound logger. Default: structlog's for the name `rebackoff`.
    """

    def __init__(self, logger: Any = None) -> None:
        self._logger = structlog.get_logger("rebackoff") if logger is None else logger

    def on_backoff(self, record: Record) -> None:
        self._logger.info("rebackoff.backoff", **record.fields())

    def on_giveup(self, record: Record) -> None:
        self._logger.error("rebackoff.giveup", **record.fields())

    def on_success(self, record: Record) -> None:
        if record.tries > 1:
            self._logger.debug("rebackoff.success", **record.fields())
