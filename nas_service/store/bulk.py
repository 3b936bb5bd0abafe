"""Many rows through one statement that is compiled once: the path of what is written for every trial.

SQLAlchemy prepares each row of an `executemany` anew, which costs several times what SQLite does for it; on PostgreSQL
each row would be a statement of its own as well. Here SQLite's driver gets the rows as they are, and PostgreSQL all of
them as one JSON text, which it reads as a table. So no column has a default, and None is NULL in every one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Delete,
    Dialect,
    Insert,
    LargeBinary,
    Table,
    Text,
    Update,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
)
from sqlalchemy.types import TypeEngine

from .json_text import encode
from .pipeline import UNANSWERED

Row = dict[str, Any]
Values = Mapping[str, ColumnElement[Any]]
Made = Callable[[Values], Insert | Update | Delete]

GIVEN = "given"


class Bulk:
    """A statement over rows that all have the same keys. `of` makes it of their values, each of a column's type.

    Where the values of all rows come as columns of one table, `at_once` makes it instead. No two rows of one run may
    concern the same row of the table: which of them would stand is not said.
    """

    def __init__(self, of: Made, at_once: Made | None = None, /, **types: Column[Any]) -> None:
        self._one_by_one = of
        self._at_once = at_once or of
        self._types = types
        self._json_as_text = False
        self._compiled: dict[str, tuple[str, Callable[[Sequence[Row]], Any]]] = {}

    @classmethod
    def into(cls, table: Table, *, json_as_text: bool = False) -> Bulk:
        """Inserts rows, with those of the table's columns that the first of them has.

        JSON columns take values or, with `json_as_text`, what is stored for them.
        """
        made = cls(
            lambda _: insert(table),
            lambda values: insert(table).from_select(list(values), select(*values.values())),
            **{c.name: c for c in table.c},
        )
        made._json_as_text = json_as_text
        return made

    def run(self, conn: Connection, rows: Sequence[Row]) -> None:
        if not rows:
            return
        name = conn.dialect.name
        if name not in self._compiled:
            self._compiled[name] = self._compile(conn.dialect, list(rows[0]))
        sql, parameters = self._compiled[name]
        conn.exec_driver_sql(sql, parameters(rows), execution_options=UNANSWERED)

    def _compile(self, dialect: Dialect, names: list[str]) -> tuple[str, Callable[[Sequence[Row]], Any]]:
        types = {name: self._types[name].type for name in names}
        if dialect.name == "postgresql" and not any(isinstance(one, LargeBinary) for one in types.values()):
            given = _read_from_json(types, as_text=self._json_as_text)
            at_once = self._at_once(given).compile(dialect=dialect)
            return str(at_once), lambda rows: at_once.params | {GIVEN: encode(rows)}
        statement = self._one_by_one({name: bindparam(name, type_=one) for name, one in types.items()})
        compiled = statement.compile(dialect=dialect, column_keys=names if isinstance(statement, Insert) else None)
        constant = {name: value for name, value in compiled.params.items() if name not in types}
        ordered = itemgetter(*compiled.positiontup) if compiled.positiontup else dict
        written = [] if self._json_as_text else [name for name, one in types.items() if isinstance(one, JSON)]
        return str(compiled), lambda rows: [ordered(constant | row | _texts(row, written)) for row in rows]


def _texts(row: Row, names: Sequence[str]) -> Row:
    """What JSON columns store, for a driver that does not know them."""
    values = ((name, row[name]) for name in names)
    return {name: None if value is None else encode(value) for name, value in values}


def _read_from_json(types: Mapping[str, TypeEngine[Any]], *, as_text: bool) -> Values:
    """Columns of the table that PostgreSQL reads from the parameter `GIVEN`, a JSON list of objects."""
    read = [column(name, Text() if as_text and isinstance(one, JSON) else one) for name, one in types.items()]
    given = func.json_to_recordset(cast(bindparam(GIVEN, type_=Text()), JSON))
    table = given.table_valued(*read).render_derived(name=GIVEN, with_types=True)
    return {c.name: cast(c, JSON) if as_text and isinstance(types[c.name], JSON) else c for c in table.c}
