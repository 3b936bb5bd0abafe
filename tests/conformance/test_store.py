"""The database itself, on both kinds: migrations and isolation."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from rows import add_job, add_trials
from sqlalchemy import inspect

from nas_service.errors import NotFound
from nas_service.store import Store, jobs, trials
from nas_service.store.schema import metadata


def test_migrations_make_the_schema_of_the_code(store: Store) -> None:
    with store.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_again_keeps_the_data(store: Store) -> None:
    with store.write() as conn:
        add_job(conn)
        add_trials(conn, [0, 1])
    store.migrate()
    with store.read() as conn:
        assert jobs.get(conn, "j").name == "j"
        assert len(trials.open_in(conn, "j")) == 2


def test_two_may_migrate_at_once(empty_url: str) -> None:
    stores = [Store(empty_url) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(Store.migrate, stores))
    assert inspect(stores[0].engine).has_table("jobs")
    for store in stores:
        store.close()


def test_references_are_kept_after_a_migration(store: Store) -> None:
    """Deleting a job takes everything of it along, which SQLite does only where foreign keys are switched on."""
    with store.write() as conn:
        add_job(conn)
        add_trials(conn, [0])
        conn.execute(jobs.jobs.delete())
    with store.read() as conn, pytest.raises(NotFound):
        trials.get(conn, "j.t0")


def test_a_write_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as conn:
        add_job(conn).number / 0
    with store.read() as conn:
        assert jobs.listed(conn) == []


def test_reading_does_not_block_the_writer_and_sees_one_moment(store: Store) -> None:
    with store.write() as conn:
        add_job(conn, "a")
    with store.read() as reader:
        assert len(jobs.listed(reader)) == 1
        with store.write() as writer:
            add_job(writer, "b")
        assert len(jobs.listed(reader)) == 1
    with store.read() as reader:
        assert len(jobs.listed(reader)) == 2


def test_a_writer_does_not_block_reading(store: Store) -> None:
    with store.write() as writer:
        add_job(writer)
        with store.read() as reader:
            assert jobs.listed(reader) == []


def test_waiting_for_a_write_ends_with_it(store: Store) -> None:
    woken = threading.Event()

    def wait() -> None:
        for _ in range(100):
            store.wait_for_write(0.05)
        woken.set()

    def write_until_woken() -> None:
        while not woken.is_set():
            with store.write():
                pass

    with ThreadPoolExecutor(2) as pool:
        pool.submit(write_until_woken)
        pool.submit(wait).result(timeout=30)
