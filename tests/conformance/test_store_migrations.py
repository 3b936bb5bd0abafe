"""Databases that older versions wrote are upgraded, with everything in them, on both kinds.

`stored/REVISION.json` holds the rows of every table of a small search that the version of that schema ran.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, func, insert, select

from nas_service.store import Store, asks, candidates, exports, jobs, revisions
from nas_service.store.invariants import broken
from nas_service.store.schema import metadata, proposals

STORED = sorted(Path(__file__).with_name("stored").glob("*.json"))
Rows = dict[str, list[dict[str, Any]]]


class Undone(Exception):
    """What was written is rolled back."""


@pytest.fixture(scope="module", params=STORED, ids=lambda path: path.stem)
def stored(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture(scope="module")
def rows(stored: Path) -> Rows:
    found: Rows = json.loads(stored.read_text())
    return found


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def upgraded(
    request: pytest.FixtureRequest, stored: Path, rows: Rows, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A store on a database as the older version left it, brought to the schema of today; tests leave it as it is."""
    sqlite = request.param == "sqlite"
    folder = tmp_path_factory.mktemp("older")
    store = Store(f"sqlite:///{folder}/nas.sqlite" if sqlite else request.getfixturevalue("postgres").fresh())
    with store.write() as conn:
        revisions.upgrade(conn, stored.stem)
        older = MetaData()
        older.reflect(conn)
        for name, listed in rows.items():
            if listed:
                conn.execute(insert(older.tables[name]), listed)
    store.migrate()
    yield store
    store.close()


def test_every_older_schema_has_a_stored_database() -> None:
    config = Config()
    config.set_main_option("script_location", str(revisions.MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    older = {revision.revision for revision in script.walk_revisions()} - {script.get_current_head()}
    assert {path.stem for path in STORED} == older


def test_an_older_database_gets_the_schema_of_the_code(upgraded: Store) -> None:
    with upgraded.read() as conn:
        assert compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), metadata) == []


def test_nothing_in_an_older_database_is_lost(upgraded: Store, rows: Rows) -> None:
    with upgraded.read() as conn:
        for name, listed in rows.items():
            table = metadata.tables[name]
            assert conn.execute(select(func.count()).select_from(table)).scalar_one() == len(listed)
            kept = conn.execute(select(*(table.c[column] for column in listed[0]))).mappings().all() if listed else []
            assert sorted(map(str, map(dict, kept))) == sorted(map(str, listed))


def test_an_older_database_is_sound(upgraded: Store) -> None:
    with upgraded.read() as conn:
        assert list(broken(conn)) == []


def test_what_an_older_version_exported_can_be_read(upgraded: Store, rows: Rows) -> None:
    """The first exports had one float32 file and left normalisation to the caller."""
    with suppress(Undone), upgraded.write() as conn:
        (job,) = jobs.listed(conn)
        (export,) = exports.of_job(conn, job.id)
        assert export.artifacts == rows["exports"][0]["artifacts"]
        before = rows["exports"][0]
        assert (export.int8, export.normalise) == (before.get("int8", False), before.get("normalise", False))
        assert candidates.get(conn, export.candidate_id).genotype
        again = exports.create(conn, job.id, export.candidate_id, 3, 9.0, int8=True)
        raise Undone
    assert (again.int8, again.normalise) == (True, False)


def test_which_proposals_took_a_trial_is_known_of_an_older_search(upgraded: Store, rows: Rows) -> None:
    """Of those that waited for one trial the first did; what an older version did not count is nothing."""
    with upgraded.read() as conn:
        (job,) = jobs.listed(conn)
        spent = conn.execute(select(proposals.c.number, proposals.c.trial_id).where(proposals.c.spent)).all()
        assert conn.execute(select(func.count()).where(proposals.c.control)).scalar_one() == 0
        ended = asks.outcomes(conn, job.id, range(job.proposals))
    assert len(spent) == len({row.trial_id for row in spent}) == job.trials
    assert {outcome.number for outcome in ended if outcome.status == "completed"} == {row.number for row in spent}
    assert job.saved_seconds == rows["jobs"][0].get("saved_seconds", 0)


def test_what_an_older_version_evaluated_counts_in_full(upgraded: Store, rows: Rows) -> None:
    """Older versions wrote results of full fidelity only."""
    evaluated = [(row["id"], row["value"], row["cost"]) for row in rows["candidates"] if row["value"] is not None]
    with upgraded.read() as conn:
        (job,) = jobs.listed(conn)
        assert candidates.points(conn, job.id) == evaluated
        assert jobs.best(conn, job.id) == (job.incumbent, job.best_reward)
