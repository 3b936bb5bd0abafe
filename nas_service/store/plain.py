"""Many rows as the database's driver gives them: SQLAlchemy would make an object of each, which takes longer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, Connection, Select

from .listed import among

AT_ONCE = 250  # rows: so few that the garbage collector, which looks through the whole process, is not called for them

Numbers = NDArray[np.float64]


def rows(conn: Connection, query: Select[Any], given: Mapping[str, Any] | None = None) -> Iterator[list[Any]]:
    """Tuples, many at a time. Columns are to be of types that both databases have: numbers and texts."""
    result = conn.execute(query, given)
    cursor: Any = result.cursor
    while some := cursor.fetchmany(AT_ONCE):
        yield some
    result.close()


def since(conn: Connection, query: Select[Any], number: Column[Any], first: int, named: Collection[int]) -> Numbers:
    """The `numbers` of a query in rows whose number is one of those that are named, and then from the first one on."""
    new = numbers(conn, query.where(number >= first).order_by(number))
    if not named:
        return new
    old = numbers(conn, query.where(among(number, "numbers")), {"numbers": list(named)})
    return np.concatenate([old, new], axis=1)


def numbers(conn: Connection, query: Select[Any], given: Mapping[str, Any] | None = None) -> Numbers:
    """(columns, rows) of a query whose columns are numbers; NULL is NaN."""
    nothing = np.empty((len(query.selected_columns), 0))
    blocks = [np.array(some, dtype=np.float64).T for some in rows(conn, query, given)]
    return np.concatenate([nothing, *blocks], axis=1)
