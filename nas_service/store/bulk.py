"""Many rows through one statement that is compiled once: the path of what is written for every trial.

SQLAlchemy prepares each row of an `executemany` anew, which costs several times what SQLite does for it. Here rows go
to the driver as they are, so JSON columns take text, made by `text`, and no column has a default.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from json import JSONEncoder
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Delete, Insert, Table, Update, insert

Row = dict[str, Any]

_encode = JSONEncoder(separators=(",", ":")).encode


def text(value: Any) -> str:
    """What a JSON column stores."""
    return _encode(value) if value != {} else "{}"


class Bulk:
    """A statement over rows that all have the same keys: the names of its bound parameters."""

    def __init__(self, statement: Insert | Update | Delete) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, Callable[[Row], Any]]] = {}

    @classmethod
    def into(cls, table: Table) -> Bulk:
        return cls(insert(table))

    def run(self, conn: Connection, rows: Sequence[Row]) -> None:
        if not rows:
            return
        name = conn.dialect.name
        if name not in self._compiled:
            self._compiled[name] = self._compile(conn, list(rows[0]))
        sql, ordered = self._compiled[name]
        conn.exec_driver_sql(sql, [ordered(row) for row in rows])

    def _compile(self, conn: Connection, names: list[str]) -> tuple[str, Callable[[Row], Any]]:
        columns = names if isinstance(self._statement, Insert) else None
        compiled = self._statement.compile(dialect=conn.dialect, column_keys=columns)
        return str(compiled), itemgetter(*compiled.positiontup) if compiled.positiontup else dict
