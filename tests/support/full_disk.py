"""Disks that are full for a while, under either kind of database.

`full` needs no rights: pages of a SQLite file can be limited, and in PostgreSQL a trigger raises the error of a disk
without room. `SmallDisk` is one that is full in earnest, where this process may mount one.
"""

from __future__ import annotations

import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from postgres_server import NOBODY
from sqlalchemy import Engine, event

from nas_service.store import Store
from nas_service.store.engine import POSTGRESQL_DISK_FULL

MOST_PAGES = 2**32 - 2
MEBIBYTE = 2**20
FULL = f"""
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '{POSTGRESQL_DISK_FULL}'; END
    $$
"""


@contextmanager
def full(store: Store) -> Iterator[None]:
    """For the time of the block the database has no room for more than it holds."""
    if store.sqlite:
        with _few_pages(store.engine):
            yield
        return
    with store.write() as conn:
        conn.exec_driver_sql(FULL)
        conn.exec_driver_sql("CREATE TRIGGER full_disk BEFORE INSERT ON events EXECUTE FUNCTION full_disk()")
    try:
        yield
    finally:
        with store.write() as conn:
            conn.exec_driver_sql("DROP FUNCTION full_disk CASCADE")


@contextmanager
def _few_pages(engine: Engine) -> Iterator[None]:
    """The limit is that of a connection: each has it from its next use on, and has it raised at the next one after."""
    most = 1  # which SQLite takes for the pages that there are

    @event.listens_for(engine, "checkout")
    def _limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={most}")

    try:
        yield
    finally:
        most = MOST_PAGES


@dataclass(frozen=True)
class SmallDisk:
    """A file system of its own, in memory, so small that it can be filled."""

    path: Path

    @classmethod
    @contextmanager
    def mounted(cls, mebibytes: int, owner: int = NOBODY) -> Iterator[SmallDisk]:
        """Raises OSError where this process may mount none."""
        path = Path(tempfile.mkdtemp(prefix="nas-disk-", dir="/tmp"))  # where the server's user comes in, too
        options = f"size={mebibytes}m,uid={owner},mode=700"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], capture_output=True, check=False)
        try:
            if done.returncode:
                raise PermissionError(done.stderr.decode().strip())
            yield cls(path)
        finally:
            if not done.returncode:
                subprocess.run(["umount", "--lazy", path], check=True)
            path.rmdir()

    @contextmanager
    def filled(self) -> Iterator[None]:
        """For the time of the block all room that is left is taken, whoever else writes meanwhile."""
        with (self.path / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
            while True:
                ballast.write(bytes(MEBIBYTE))
        try:
            yield
        finally:
            (self.path / "ballast").unlink()
