"""Rows that are written many at a time, and lists that are looked for, come out as they went in, on both databases."""

from __future__ import annotations

import math
from typing import Any

import pytest
from rows import add_job, add_trials
from sqlalchemy import select, update

from nas_service.store import Store
from nas_service.store.bulk import Bulk
from nas_service.store.listed import among, one_of
from nas_service.store.schema import events, trials

MANY = 3_000  # more than SQLite would take parameters for, in many builds

DATA: list[dict[str, Any]] = [
    {},
    {"text": "quotes \" and ' and \\ and %s and \u00e9 \u4e2d \U0001f600"},
    {"small": 5e-324, "large": 1.7976931348623157e308, "third": 1 / 3, "int": 2**53 + 1},
    {"nested": [None, True, {"a": [1, [2]]}]},
]


@pytest.fixture
def filled(store: Store) -> Store:
    with store.write() as conn:
        add_job(conn, "j")
        add_trials(conn, range(4), "j")
    return store


def test_rows_are_inserted_as_they_are(filled: Store) -> None:
    rows = [{"job_id": "j", "seq": 100 + i, "at": i / 3, "type": "t", "data": d} for i, d in enumerate(DATA)]
    with filled.write() as conn:
        Bulk.into(events).run(conn, rows)
    with filled.read() as conn:
        query = select(events.c.at, events.c.data).where(events.c.seq >= 100).order_by(events.c.seq)
        found = [tuple(row) for row in conn.execute(query)]
    assert found == [(i / 3, data) for i, data in enumerate(DATA)]


def test_rows_are_updated_each_by_its_own_values(filled: Store) -> None:
    setting = Bulk(
        lambda given: (
            update(trials)
            .where(trials.c.id == given["trial"], trials.c.state == "running")
            .values(cause=given["why"], artifacts=given["files"], ended_at=given["at"], message="told")
        ),
        trial=trials.c.id,
        why=trials.c.cause,
        files=trials.c.artifacts,
        at=trials.c.ended_at,
    )
    with filled.write() as conn:
        conn.execute(update(trials).values(state="running"))
        conn.execute(update(trials).where(trials.c.id == "j.t2").values(state="queued"))
        rows = [{"trial": f"j.t{n}", "why": w, "files": f, "at": a} for n, w, f, a in VALUES]
        setting.run(conn, rows)
    with filled.read() as conn:
        t = trials.c
        found = conn.execute(select(t.cause, t.artifacts, t.ended_at, t.message).order_by(t.number)).all()
    assert [tuple(row) for row in found] == [
        ("nan", {"weights": "a'b"}, 0.1, "told"),
        (None, {}, None, "told"),
        (None, {}, None, ""),
        (None, {}, None, ""),
    ]


VALUES = [
    (0, "nan", {"weights": "a'b"}, 0.1),
    (1, None, {}, None),
    (2, "nan", {}, 3.0),
]


def test_nothing_is_written_for_no_rows(filled: Store) -> None:
    with filled.write() as conn:
        Bulk.into(events).run(conn, [])


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_json_does_not_know_is_refused(filled: Store, value: float) -> None:
    row = {"job_id": "j", "seq": 100, "at": 1.0, "type": "t", "data": {"loss": value}}
    with pytest.raises(ValueError, match="JSON compliant"), filled.write() as conn:
        Bulk.into(events).run(conn, [row])


@pytest.mark.parametrize("ids", [[], ["j.t1"], ["j.t1", "none", "j.t3", "it's"], [f"j.t{n}" for n in range(MANY)]])
def test_a_list_of_any_length_is_one_parameter(filled: Store, ids: list[str]) -> None:
    query = select(trials.c.id).where(among(trials.c.id, "ids")).order_by(trials.c.number)
    with filled.read() as conn:
        found = list(conn.execute(query, {"ids": ids}).scalars())
        number = select(trials.c.id).where(among(trials.c.number, "numbers")).order_by(trials.c.number)
        numbered = list(conn.execute(number, {"numbers": {0, 2}}).scalars())
    assert found == [f"j.t{n}" for n in range(4) if f"j.t{n}" in ids]
    assert numbered == ["j.t0", "j.t2"]


def test_words_are_written_into_the_statement(filled: Store) -> None:
    query = select(trials.c.id).where(one_of(trials.c.state, ("queued", "running")))
    assert "'queued'" in str(query)
    with filled.read() as conn:
        assert len(conn.execute(query).all()) == 4
