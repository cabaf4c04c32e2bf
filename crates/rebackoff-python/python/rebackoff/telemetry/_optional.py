"""The error of an exporter whose library is not installed."""

from __future__ import annotations


def missing(library: str, extra: str, error: ImportError) -> ImportError:
    """The error that names what to install."""
    return ImportError(
        f"rebackoff.telemetry.{extra} needs {library}, which cannot be imported ({error}); "
        f'install it with: pip install "rebackoff[{extra}]"',
        name=error.name,
    )
