"""What is written without waiting for it counts like everything else: all of it is there after the commit, or nothing.

On SQLite, which waits for each statement, the same holds by itself.
"""

from __future__ import annotations

from typing import Any

import pytest
from rows import add_job
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from nas_service.store import Store, jobs
from nas_service.store.bulk import Bulk
from nas_service.store.schema import events

FIRST, MORE = 100, 5


@pytest.fixture
def filled(store: Store) -> Store:
    with store.write() as conn:
        add_job(conn, "j")
    return store


def put(conn: Connection, *numbers: int, job_id: str = "j") -> None:
    rows: list[dict[str, Any]] = [{"job_id": job_id, "seq": n, "at": 1.0, "type": "t", "data": {}} for n in numbers]
    Bulk.into(events).run(conn, rows)


def put_twice_and_more(store: Store, *, and_read: bool) -> None:
    with store.write() as conn:
        put(conn, FIRST)
        put(conn, FIRST)
        put(conn, FIRST + 1)
        if and_read:
            jobs.get(conn, "j")
            pytest.fail("the reading came through")


def lose_half_way(store: Store) -> None:
    with store.write() as conn:
        mine = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with store.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": mine})
        put(conn, FIRST)


def kept(store: Store) -> list[int]:
    with store.read() as conn:
        return list(conn.execute(select(events.c.seq).where(events.c.seq >= FIRST).order_by(events.c.seq)).scalars())


def test_a_transaction_reads_what_it_wrote(filled: Store) -> None:
    with filled.write() as conn:
        for n in range(MORE):
            put(conn, FIRST + n)
        found = conn.execute(select(events.c.seq).where(events.c.seq >= FIRST)).scalars().all()
    assert sorted(found) == kept(filled) == [FIRST + n for n in range(MORE)]


@pytest.mark.parametrize("reads", [False, True], ids=["until the commit", "until a reading"])
def test_a_write_that_fails_is_told_of_and_takes_the_others_with_it(filled: Store, reads: bool) -> None:
    with pytest.raises(IntegrityError):
        put_twice_and_more(filled, and_read=reads)
    assert kept(filled) == []
    with filled.write() as conn:
        put(conn, FIRST)
    assert kept(filled) == [FIRST]


def test_an_error_of_ones_own_undoes_what_is_under_way(filled: Store) -> None:
    def fail() -> None:
        with filled.write() as conn:
            put(conn, FIRST)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert kept(filled) == []


def test_a_connection_that_is_lost_half_way_is_the_databases_trouble(filled: Store) -> None:
    """And not that of the job whose rows were written: the coordinator tells them apart by the kind of the error."""
    if filled.sqlite:
        return
    with pytest.raises(OperationalError):
        lose_half_way(filled)
    assert kept(filled) == []


def test_a_write_transaction_is_used_by_who_writes_in_it(filled: Store) -> None:
    with filled.write() as outer, filled.writing(outer) as inner:
        assert inner is outer
    with filled.read() as view, filled.writing(view) as own:
        assert own is not view
        put(own, FIRST)
    assert kept(filled) == [FIRST]
