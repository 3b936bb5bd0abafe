"""Who is there on a database, on both kinds: one process on SQLite, any number on PostgreSQL, and never a dead one."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Collection, Iterator

import pytest
from postgres_server import Postgres

from nas_service.store import Store

MANY = 10_000  # looks, before PostgreSQL has noticed a closed connection
PROGRAM = """
    from nas_service.store import Store
    store = Store({url!r})
    print(store.presence.enter(), store.presence.name, flush=True)
    input()
"""


def present(store: Store) -> Collection[str]:
    with store.read() as conn:
        return store.presence.present(conn)


@pytest.fixture
def second(store: Store, database_url: str) -> Iterator[Store]:
    other = Store(database_url)
    yield other
    other.close()


def test_a_place_is_kept_until_it_is_left(store: Store) -> None:
    assert store.presence.name not in present(store)
    assert store.presence.enter()
    assert store.presence.enter()
    name = store.presence.name
    assert list(present(store)) == [name]
    store.close()
    assert list(present(store)) == []
    assert store.presence.name != name


def test_how_many_places_there_are(store: Store, second: Store) -> None:
    assert store.presence.enter()
    assert second.presence.enter() is not store.sqlite
    if store.sqlite:
        store.close()
        assert second.presence.enter()
    else:
        assert set(present(store)) == set(present(second)) == {store.presence.name, second.presence.name}


def test_a_killed_process_is_there_no_more(store: Store, database_url: str) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM.format(url=database_url))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    entered, name = other.stdout.readline().split()
    assert entered == "True"
    if store.sqlite:
        assert not store.presence.enter()
    else:
        assert list(present(store)) == [name]
    other.kill()
    other.communicate()
    assert any(store.presence.enter() and name not in present(store) for _ in range(MANY))


def test_who_lost_its_session_enters_again_under_its_name(postgres: Postgres) -> None:
    """A lock on SQLite's file cannot be lost; PostgreSQL's goes with its connection."""
    store = Store(postgres.fresh())
    assert store.presence.enter()
    name = store.presence.name
    with store.engine.connect() as conn:
        conn.exec_driver_sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    assert any(store.presence.enter() for _ in range(MANY))
    assert list(present(store)) == [name] == [store.presence.name]
    store.close()


def test_another_database_of_the_server_has_others(postgres: Postgres) -> None:
    one, other = Store(postgres.fresh()), Store(postgres.fresh())
    assert one.presence.enter()
    assert list(present(other)) == []
    one.close()
    other.close()
