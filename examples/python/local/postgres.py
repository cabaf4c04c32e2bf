"""A real PostgreSQL on a loopback port, thrown away afterwards (see `scripts/postgres`).

The environment variable `REBACKOFF_POSTGRES` may name the folder of a server that
`scripts/postgres start` has started: then that one is used, and left running.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "postgres"


class PostgresServer:
    """A server that can be stopped and started at will, alive inside its `with` block.

    `folder` is where its data is.
    """

    def __enter__(self) -> PostgresServer:
        shared = os.environ.get("REBACKOFF_POSTGRES")
        self._thrown_away = shared is None
        self.folder = shared or tempfile.mkdtemp(prefix="rebackoff-postgres-")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._thrown_away:
            self.stop()
            shutil.rmtree(self.folder)
        else:
            self.start()

    @property
    def url(self) -> str:
        """`postgresql://user@host:port/database`, as asyncpg reads it."""
        return self._run("url")

    @property
    def sqlalchemy_url(self) -> str:
        """The address for SQLAlchemy with the driver psycopg."""
        return self.url.replace("postgresql://", "postgresql+psycopg://", 1)

    def start(self) -> None:
        """Starts the server; one that runs already is restarted."""
        self._run("start")

    def stop(self) -> None:
        """Stops the server at once; its data and its port stay."""
        self._run("stop")

    def _run(self, command: str) -> str:
        # the server inherits the script's outputs and outlives it, hence files and not pipes
        with tempfile.TemporaryFile("w+") as output:
            subprocess.run([SCRIPT, command, self.folder], stdout=output, check=True)
            output.seek(0)
            return output.read().strip()
