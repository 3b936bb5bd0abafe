"""Databases without rows on SQLite: one is migrated in each process, all others are copies of it."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from nas_service.store import Store


def migrated(path: Path) -> str:
    """The URL of a new database at `path` with all tables and no rows."""
    path.write_bytes(_content())
    return f"sqlite:///{path}"


def opened(path: Path, kind: type[Store] = Store) -> Store:
    """A store of this kind on such a database."""
    return kind(migrated(path))


@cache
def _content() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nas.sqlite"
        store = Store(f"sqlite:///{path}")
        store.migrate()
        store.close()
        return path.read_bytes()
