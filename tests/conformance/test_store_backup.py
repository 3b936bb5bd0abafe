"""Backups: the same rows come back, on either database and from one to the other, or nothing has changed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import empty_stores
import pytest
from postgres_server import Postgres
from rows import add_job, add_trials
from searches import Lab, spec
from sqlalchemy import JSON, MetaData, Text, cast, insert, select, update

from nas_service.store import Store, events, jobs, revisions, schema
from nas_service.store.backup import NoSchema, NotEmpty, back_up, restore
from nas_service.store.backup_file import BATCH, BadBackup, Writer, parts
from nas_service.store.invariants import broken
from nas_service.store.schema import metadata

STORED = sorted(Path(__file__).with_name("stored").glob("*.json"))
Opened = Callable[[str], Store]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Stores that are closed at the end."""
    stores: list[Store] = []

    def make(url: str) -> Store:
        stores.append(Store(url))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


@pytest.fixture
def searched(store: Store) -> Store:
    """A search that has ended and one in the midst, whose strategy has a blob."""
    lab = Lab(store)
    lab.run(spec(12, objective={"cost": "macs", "limits": {"macs": 900_000}}), "a")
    lab.submit(spec(30), "b")
    lab.until(lambda job: job.completed == 5, "b")
    lab.dispatcher.close()
    with store.write() as conn:
        conn.execute(update(schema.jobs).where(schema.jobs.c.id == "b").values(strategy_blob=bytes(range(256))))
    return store


def content(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, JSON as the text that is stored."""
    found = {}
    with store.read() as conn:
        for table in metadata.sorted_tables:
            columns = [cast(c, Text) if isinstance(c.type, JSON) else c for c in table.columns]
            found[table.name] = [tuple(row) for row in conn.execute(select(*columns).order_by(*table.primary_key))]
    return found


def test_from_either_database_into_either_and_back(
    searched: Store, postgres: Postgres, tmp_path: Path, opened: Opened
) -> None:
    before, file = content(searched), tmp_path / "rows.backup"
    written = back_up(searched, file, at=5.0)
    assert written.rows == {name: len(rows) for name, rows in before.items()}
    for url in (postgres.fresh(), f"sqlite:///{tmp_path}/copy.sqlite", postgres.fresh()):
        copy = opened(url)
        assert restore(copy, file) == written
        assert content(copy) == before
        with copy.read() as conn:
            assert list(broken(conn)) == []
        assert back_up(copy, file, at=5.0).rows == written.rows


def test_a_search_goes_on_from_a_backup_as_it_would_have(searched: Store, tmp_path: Path, opened: Opened) -> None:
    back_up(searched, tmp_path / "rows.backup", at=5.0)
    copy = opened(f"sqlite:///{tmp_path}/copy.sqlite")
    restore(copy, tmp_path / "rows.backup")
    ends = []
    for store in (searched, copy):
        lab = Lab(store)
        assert lab.finish("b").completed == 30
        lab.dispatcher.close()
        with store.read() as conn:
            ends.append([(row.number, row.candidate_id, row.reward) for row in conn.execute(_told("b"))])
    assert ends[0] == ends[1]


def _told(job_id: str) -> Any:
    return select(schema.proposals).where(schema.proposals.c.job_id == job_id).order_by(schema.proposals.c.number)


def test_what_is_written_meanwhile_is_not_in_it(
    store: Store, tmp_path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jobs that are added between any two rows of a backup, each with trials, wait for nothing and are not in it."""
    numbers = iter(range(1000))

    def add() -> None:
        name = f"j{next(numbers)}"
        with store.write() as conn:
            add_job(conn, name)
            add_trials(conn, [0, 1], name)

    for _ in range(3):
        add()
    before, line = content(store), Writer._line

    def slowly(writer: Writer, value: Any) -> None:
        add()
        line(writer, value)

    monkeypatch.setattr(Writer, "_line", slowly)
    back_up(store, tmp_path / "rows.backup", at=5.0)
    assert len(content(store)["jobs"]) > 20
    copy = opened(f"sqlite:///{tmp_path}/copy.sqlite")
    restore(copy, tmp_path / "rows.backup")
    assert content(copy) == before


def test_more_rows_than_a_batch(store: Store, tmp_path: Path, opened: Opened) -> None:
    with store.write() as conn:
        add_job(conn)
        events.append(conn, "j", 1.0, [("trial", {"n": n}) for n in range(2 * BATCH + 7)])
    back_up(store, tmp_path / "rows.backup", at=5.0)
    sizes = [len(part.rows) for part in parts(tmp_path / "rows.backup") if part.table == "events"]
    assert sizes == [BATCH, BATCH, 8]
    copy = opened(f"sqlite:///{tmp_path}/copy.sqlite")
    restore(copy, tmp_path / "rows.backup")
    assert content(copy) == content(store)


@pytest.mark.parametrize("stored", STORED, ids=lambda path: path.stem)
def test_a_backup_of_an_older_schema_is_upgraded(
    stored: Path, empty_url: str, postgres: Postgres, tmp_path: Path, opened: Opened
) -> None:
    """Also into tables that a newer program has made already, as long as they are empty."""
    old, older = opened(empty_url), MetaData()
    with old.write() as conn:
        revisions.upgrade(conn, stored.stem)
        older.reflect(conn)
        for name, rows in json.loads(stored.read_text()).items():
            if rows:
                conn.execute(insert(older.tables[name]), rows)
    file = tmp_path / "rows.backup"
    assert back_up(old, file, at=5.0).schema == stored.stem
    old.migrate()
    for url in (empty_stores.migrated(tmp_path / "copy.sqlite"), postgres.migrated()):
        copy = opened(url)
        restore(copy, file)
        assert content(copy) == content(old)


@pytest.fixture
def backup(store: Store, tmp_path: Path) -> Path:
    with store.write() as conn:
        add_job(conn)
        add_trials(conn, range(40))
    back_up(store, tmp_path / "rows.backup", at=5.0)
    return tmp_path / "rows.backup"


def rewritten(file: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """The file with other lines, under gzip as before."""
    file.write_bytes(gzip.compress(b"".join(change(gzip.decompress(file.read_bytes()).splitlines(keepends=True)))))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-200]),
    "without its end": lambda file: rewritten(file, lambda lines: lines[:-1]),
    "without a row": lambda file: rewritten(file, lambda lines: [*lines[:20], *lines[21:]]),
    "a row changed": lambda file: rewritten(file, lambda lines: [line.replace(b"queued", b"failed") for line in lines]),
    "a row twice": lambda file: rewritten(file, lambda lines: [*lines[:20], *lines[19:]]),
    "a line that is no row": lambda file: rewritten(file, lambda lines: [*lines[:20], b"7\n", *lines[20:]]),
    "no JSON": lambda file: rewritten(file, lambda lines: [*lines[:20], b"{\n", *lines[20:]]),
    "no gzip": lambda file: file.write_bytes(b"PK" + file.read_bytes()),
    "another file": lambda file: file.write_bytes(gzip.compress(b'{"format": "other"}\n')),
    "another form": lambda file: file.write_bytes(gzip.compress(b'{"format": "nas-backup", "version": 2}\n')),
    "empty": lambda file: file.write_bytes(b""),
    "bytes behind it": lambda file: file.write_bytes(file.read_bytes() + b"more"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_refused_and_changes_nothing(
    backup: Path, tmp_path: Path, opened: Opened, damage: Callable[[Path], object]
) -> None:
    damage(backup)
    into = opened(f"sqlite:///{tmp_path}/into.sqlite")
    with pytest.raises(BadBackup, match=str(backup)):
        restore(into, backup)
    with into.read() as conn:
        assert revisions.present(conn) is None


def test_rows_that_no_table_takes_leave_nothing(backup: Path, postgres: Postgres, opened: Opened) -> None:
    """A file that is whole and says what cannot be."""

    def strange(lines: list[bytes]) -> list[bytes]:
        lines = [line.replace(b'"spec_hash"', b'"spec_hush"') for line in lines[:-1]]
        end = json.loads(gzip.decompress(backup.read_bytes()).splitlines()[-1])
        return [*lines, json.dumps(end | {"sha256": sha256(b"".join(lines)).hexdigest()}).encode()]

    rewritten(backup, strange)
    into = opened(postgres.fresh())
    with pytest.raises(BadBackup, match="rows of jobs"):
        restore(into, backup)
    with into.read() as conn:
        assert revisions.present(conn) is None


def test_a_database_with_rows_is_not_restored_into(backup: Path, store: Store) -> None:
    before = content(store)
    with pytest.raises(NotEmpty, match="table jobs"):
        restore(store, backup)
    assert content(store) == before


def test_a_backup_that_fails_leaves_the_older_one(backup: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = backup.read_bytes()
    monkeypatch.setattr("nas_service.store.backup_file.os.fsync", _full_disk)
    with pytest.raises(OSError, match="No space"):
        back_up(store, backup, at=6.0)
    assert backup.read_bytes() == before
    assert list(backup.parent.glob(".*")) == []


def _full_disk(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_database_without_tables_is_not_backed_up(empty_url: str, tmp_path: Path, opened: Opened) -> None:
    with pytest.raises(NoSchema):
        back_up(opened(empty_url), tmp_path / "rows.backup", at=5.0)
    assert not (tmp_path / "rows.backup").exists()


@pytest.fixture
def newer(tmp_path: Path, opened: Opened) -> Store:
    """A database as a later version would leave it."""
    store = opened(f"sqlite:///{tmp_path}/newer.sqlite")
    store.migrate()
    with store.write() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    return store


def test_a_newer_schema_is_left_alone(newer: Store, store: Store, tmp_path: Path) -> None:
    file = tmp_path / "rows.backup"
    back_up(store, file, at=5.0)
    for act in (newer.migrate, lambda: back_up(newer, tmp_path / "other", at=5.0), lambda: restore(newer, file)):
        with pytest.raises(revisions.NewerSchema, match="the database has schema 9999"):
            act()
    rewritten(file, lambda lines: [lines[0].replace(revisions.newest().encode(), b"9999"), *lines[1:]])
    with pytest.raises(revisions.NewerSchema, match=r"the backup .* has schema 9999"):
        restore(store, file)
    with store.read() as conn:
        assert jobs.listed(conn) == []
