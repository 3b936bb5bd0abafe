"""Lists of candidates over HTTP: ordered, narrowed, counted, page by page and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

import httpx
import pytest
from services import SPEC, Live

from nas_service.api import candidate_list, csv_text
from nas_service.api.views import CandidateView
from nas_service.client import ApiError, Client
from nas_service.store import schema

ORDERS = ("number", "reward", "value", "params", "macs")


@pytest.fixture(scope="module")
def searched(live: Live) -> str:
    """A job with a control and children."""
    strategy = {"name": "evolution", "population": 4, "sample": 2}
    with Client(live.url) as client:
        spec = SPEC | {"seed": 51, "strategy": strategy, "control": {"share": 0.3}}
        return client.wait(client.submit(spec).id).id


@pytest.mark.parametrize("descending", [None, True, False])
@pytest.mark.parametrize("order", ORDERS)
def test_pages_of_every_order_make_the_list(client: Client, searched: str, order: str, descending: bool | None) -> None:
    page = client.candidates_page(searched, order=order, descending=descending, limit=7, count=True)
    found, pages = list(page.items), 1
    while page.next:
        page = client.candidates_page(searched, order=order, descending=descending, limit=7, cursor=page.next)
        assert (page.before, page.total) == (7 * pages, None)
        found, pages = found + page.items, pages + 1
    assert pages > 2
    assert found == list(client.candidates(searched, order=order, descending=descending))
    keys = [getattr(one, order) for one in found]
    best_first = order in ("reward", "value") if descending is None else descending
    assert keys == sorted(keys, reverse=best_first)
    assert client.candidates_page(searched, order=order, limit=1, count=True).total == len(found)


@pytest.mark.parametrize(
    ("narrowed", "holds"),
    [
        ({"state": "infeasible"}, lambda one: one.state == "infeasible"),
        ({"feasible": True}, lambda one: one.feasible),
        ({"feasible": False}, lambda one: not one.feasible),
        ({"id_part": "c1"}, lambda one: one.id.rpartition(".")[2].startswith("c1")),
        ({"value_min": 0.5}, lambda one: one.value is not None and one.value >= 0.5),
        ({"params_max": 20_000, "macs_max": 4_000_000}, lambda one: one.params <= 20_000 and one.macs <= 4_000_000),
        ({"latency_ms_max": 1.0}, lambda one: one.latency_ms is not None),
    ],
)
def test_a_list_is_narrowed(client: Client, searched: str, narrowed: Any, holds: Any) -> None:
    every = list(client.candidates(searched))
    assert list(client.candidates(searched, **narrowed)) == [one for one in every if holds(one)]


def test_children_are_found_by_their_parent(client: Client, searched: str) -> None:
    every = list(client.candidates(searched))
    parent = next(one.parents[0] for one in every if one.parents)
    assert list(client.candidates(searched, parent=parent)) == [one for one in every if parent in one.parents]


def test_search_and_control_share_the_candidates(client: Client, searched: str) -> None:
    numbers = [{one.number for one in client.candidates(searched, arm=arm)} for arm in ("search", "control")]
    assert all(numbers)
    assert not numbers[0] & numbers[1]
    assert numbers[0] | numbers[1] == {one.number for one in client.candidates(searched)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"order": "hash"},
        {"id_part": "%"},
        {"parent": "<b>"},
        {"arm": "both"},
        {"latency_ms_max": -1},
        {"params_max": 2**63},
        {"value_min": "nan"},
        {"cursor": "WzEsMl0"},
    ],
)
def test_what_cannot_be_asked_is_refused(client: Client, searched: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as refusal:
        client.candidates_page(searched, **wrong)
    assert (refusal.value.status, refusal.value.field) == (422, next(iter(wrong)))


# As CSV.


@pytest.fixture
def chunks_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidate_list, "CHUNK", 3)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


@pytest.mark.usefixtures("chunks_of_three")
def test_a_list_is_a_table_too(client: Client, searched: str) -> None:
    asked: dict[str, Any] = {"order": "macs", "descending": True, "feasible": True}
    rows = read(client.candidates_csv(searched, **asked))
    found = list(client.candidates(searched, **asked))
    assert [row["id"] for row in rows] == [one.id for one in found]
    assert [_numbers(row) for row in rows] == [_told(one) for one in found]


def _numbers(row: dict[str, str]) -> list[Any]:
    return [int(row["number"]), float(row["val_accuracy"]), float(row["reward"]), int(row["params"]), int(row["macs"])]


def _told(one: CandidateView) -> list[Any]:
    return [one.number, one.metrics["val_accuracy"], one.reward, one.params, one.macs]


def test_the_table_is_a_file(http: httpx.Client, searched: str) -> None:
    answer = http.get(f"/api/v1/jobs/{searched}/candidates.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="{searched}-candidates.csv"'
    assert http.get("/api/v1/jobs/nope/candidates.csv").status_code == 404


@pytest.fixture
def formula(client: Client, live: Live, searched: str) -> Iterator[str]:
    """A candidate whose reason a spreadsheet would calculate."""
    over = next(client.candidates(searched, state="infeasible"))
    column, mine = schema.candidates, schema.candidates.c.id == over.id
    with live.app.state.service.store.write() as conn:
        conn.execute(column.update().where(mine).values(reason='=cmd|"/c calc"!A1'))
    yield over.id
    with live.app.state.service.store.write() as conn:
        conn.execute(column.update().where(mine).values(reason=over.reason))


def test_text_in_the_table_is_no_formula(client: Client, searched: str, formula: str) -> None:
    row = next(row for row in read(client.candidates_csv(searched)) if row["id"] == formula)
    assert row["reason"] == '\'=cmd|"/c calc"!A1'


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("a,b", '"a,b"'),
        ('say "no"', '"say ""no"""'),
        ("two\nlines", '"two\nlines"'),
        (-0.5, "-0.5"),
        (1e-9, "1e-09"),
        (12, "12"),
        (True, "yes"),
        (None, ""),
    ],
)
def test_cells(value: csv_text.Cell, written: str) -> None:
    assert csv_text.lines([[value, "x"]]) == f"{written},x\r\n"
