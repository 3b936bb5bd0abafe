"""All rows of the service, out into a file and back, on either kind of database and from one to the other.

A backup is read in one transaction, so it shows one moment, and neither waits for a service that writes meanwhile nor
holds it up. A restore is one transaction too: the rows are put into the schema that they came from, which is then
upgraded, or nothing has changed.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Connection, LargeBinary, MetaData, Table, Text, cast, func, select

from . import revisions
from .backup_file import BATCH, BadBackup, Header, Part, header, parts, written
from .bulk import Bulk
from .engine import Store
from .schema import metadata


class NotEmpty(Exception):
    """The database to restore into holds something already."""


class NoSchema(Exception):
    """The database has none of our tables."""

    def __init__(self) -> None:
        super().__init__("the database has no tables of this service; NAS_HOME or NAS_DATABASE_URL name another one?")


@dataclass(frozen=True)
class Summary:
    """What a backup holds: the schema it was made of, when it was made, and the rows of every table."""

    schema: str
    made_at: float
    rows: Mapping[str, int]


def back_up(store: Store, path: Path, at: float) -> Summary:
    """Write all rows into a file, which is there only when it is whole. Raises NoSchema and NewerSchema."""
    with store.read() as conn, written(path) as file:
        schema = revisions.present(conn)
        if schema is None:
            raise NoSchema
        revisions.refuse_newer(schema)
        file.begin(Header(schema, at))
        for table in _tables(conn).sorted_tables:
            file.table(table.name, table.columns.keys(), _rows(conn, table))
    return Summary(schema, at, file.rows)


def restore(store: Store, path: Path) -> Summary:
    """Take all rows from a file into a database without any, and bring them to the newest schema.

    Raises BadBackup, NewerSchema and NotEmpty; then the database is as it was.
    """
    said = header(path)
    revisions.refuse_newer(said.schema, f"the backup {path}")
    for _ in parts(path):  # to its end, before anything is changed
        pass
    with store.changing_schema() as conn:
        _clear(conn, said.schema)
        revisions.upgrade(conn, said.schema)
        rows = _fill(conn, path)
        revisions.upgrade(conn)
    return Summary(said.schema, said.made_at, rows)


def _tables(conn: Connection) -> MetaData:
    """Those of our tables that are there, as they are there: older schemas lack some, and columns of others."""
    found = MetaData()
    found.reflect(conn, only=lambda name, _: name in metadata.tables)
    return found


def _rows(conn: Connection, table: Table) -> Iterator[list[Any]]:
    columns = [cast(c, Text).label(c.name) if isinstance(c.type, JSON) else c for c in table.columns]
    packed = [place for place, c in enumerate(table.columns) if isinstance(c.type, LargeBinary)]
    for found in conn.execute(select(*columns).execution_options(yield_per=BATCH)):
        row = list(found)
        for place in packed:
            row[place] = None if row[place] is None else b64encode(row[place]).decode()
        yield row


def _clear(conn: Connection, schema: str) -> None:
    """Make room for tables of this schema. Raises NotEmpty where a table has rows, and NewerSchema."""
    present = revisions.present(conn)
    revisions.refuse_newer(present)
    found = _tables(conn)
    for table in found.sorted_tables:
        if conn.execute(select(table).limit(1)).first() is not None:
            raise NotEmpty(
                f"the database holds rows already (table {table.name}), and a backup replaces nothing; "
                "name an empty one in NAS_HOME or NAS_DATABASE_URL"
            )
    if present not in (None, schema):
        found.drop_all(conn)
        conn.exec_driver_sql("DROP TABLE alembic_version")


def _fill(conn: Connection, path: Path) -> dict[str, int]:
    """Insert everything; the rows of each table, counted in the database."""
    tables = _tables(conn).tables
    inserts = {name: Bulk.into(table, json_as_text=True) for name, table in tables.items()}
    taken = dict.fromkeys(tables, 0)
    for part in parts(path):
        if part.table not in tables or not set(part.columns) <= set(tables[part.table].columns.keys()):
            raise BadBackup(f"{path} has rows of {part.table} that its schema does not have; nothing was taken from it")
        inserts[part.table].run(conn, _unpacked(tables[part.table], part))
        taken[part.table] += len(part.rows)
    found = {name: conn.execute(select(func.count()).select_from(table)).scalar_one() for name, table in tables.items()}
    if found != taken:
        raise BadBackup(f"of the rows of {path} not all arrived ({taken} were read, {found} are there); none was kept")
    return found


def _unpacked(table: Table, part: Part) -> list[dict[str, Any]]:
    rows = [dict(zip(part.columns, row, strict=True)) for row in part.rows]
    for name in [c.name for c in table.columns if isinstance(c.type, LargeBinary)]:
        for row in rows:
            row[name] = None if row[name] is None else b64decode(row[name])
    return rows
