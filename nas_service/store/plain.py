"""Many rows as the database's driver gives them: SQLAlchemy would make an object of each, which takes longer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select

AT_ONCE = 250  # rows: so few that the garbage collector, which looks through the whole process, is not called for them

Numbers = NDArray[np.float64]


def rows(conn: Connection, query: Select[Any], given: Mapping[str, Any] | None = None) -> Iterator[list[Any]]:
    """Tuples, many at a time. Columns are to be of types that both databases have: numbers and texts."""
    result = conn.execute(query, given)
    cursor: Any = result.cursor
    while some := cursor.fetchmany(AT_ONCE):
        yield some
    result.close()


def numbers(conn: Connection, query: Select[Any], given: Mapping[str, Any] | None = None) -> Numbers:
    """(columns, rows) of a query whose columns are numbers; NULL is NaN."""
    nothing = np.empty((len(query.selected_columns), 0))
    blocks = [np.array(some, dtype=np.float64).T for some in rows(conn, query, given)]
    return np.concatenate([nothing, *blocks], axis=1)
