"""The table of candidates: what stands in its head, its rows and below it."""

from __future__ import annotations

from typing import Any

from told_views import candidate, job

from nas_service.api.candidate_views import CandidatesPage
from nas_service.dashboard.job.candidate_query import CandidateQuery
from nas_service.dashboard.job.candidate_table import columns, nothing, orders, place, rows


def page(*items: Any, **fields: Any) -> CandidatesPage:
    return CandidatesPage(items=list(items), **fields)


def test_every_column_that_can_be_sorted_says_how_it_is() -> None:
    heads = {head["name"]: head for head in columns(job(device="pi4"), CandidateQuery("params", "descending"))}
    told = {name: head.get("sorted") for name, head in heads.items()}
    assert told == {
        **dict.fromkeys(("number", "value", "latency_ms", "macs", "reward"), "none"),
        "params": "descending",
        "tick": None,
        "parents": None,
        "state": None,
    }
    assert (heads["value"]["label"], heads["latency_ms"]["label"]) == ("val_accuracy", "latency, ms")
    assert columns(job(), CandidateQuery())[-3]["sorted"] == "descending"
    assert [heads[name]["classes"] for name in ("params", "macs")] == ["number", "number wide"]


def test_without_a_device_there_is_no_latency() -> None:
    assert "latency_ms" not in orders(job())
    assert "latency_ms" in orders(job(device="pi4"))


def test_a_row_has_sensible_digits_and_short_names() -> None:
    (row,) = rows(job(), page(candidate(parents=["j.c0"], value=0.91234, params=1_234_567, reward=0.5)))
    assert (row["number"], row["page"]) == ("c1", "/jobs/j/candidates/j.c1")
    assert (row["value"], row["params"], row["reward"], row["latency_ms"]) == ("91.23%", "1.23 M", "0.5000", "–")
    assert row["parents"] == [{"name": "c0", "page": "/jobs/j/candidates/j.c0"}]


def test_those_that_are_ticked_say_so() -> None:
    found = rows(job(), page(candidate(), candidate(id="j.c2")), {"j.c2", "k.c1"})
    assert [row["tick"] for row in found] == [False, True]


def test_a_row_says_what_is_to_know_of_its_candidate() -> None:
    over = candidate(state="infeasible", reason="too slow", feasible=False)
    known = candidate(reused_from="k.t3", full=False, value=0.5)
    assert [(row["tone"], row["note"]) for row in rows(job(), page(over, known))] == [
        ("warning", "too slow"),
        ("", "reused from k.t3, not in full"),
    ]
    best = [rows(job(incumbent="j.c1", final=final), page(candidate()))[0]["note"] for final in (False, True)]
    assert best == ["the best so far", "the best"]


def test_a_page_says_which_of_how_many_it_shows() -> None:
    shown = page(*[candidate()] * 20, before=20, total=10_000)
    assert place(shown, CandidateQuery()) == "21 to 40 of 10,000 with a result in full"
    assert place(shown, CandidateQuery("macs")) == "21 to 40 of 10,000"
    assert place(page(candidate()), CandidateQuery("number")) == "1 to 1"
    assert place(page(total=0), CandidateQuery()) == ""


def test_an_empty_table_says_why() -> None:
    assert nothing(job(), CandidateQuery()) == "No candidate yet."
    assert nothing(job(proposals=3), CandidateQuery()) == "No candidate with a result in full yet."
    assert nothing(job(proposals=3, final=True), CandidateQuery("latency_ms")) == "No candidate with an estimate."
    assert nothing(job(proposals=3, final=True), CandidateQuery(state="failed")) == "No candidate is like this."
    assert nothing(job(final=True), CandidateQuery("number")) == "No candidate was proposed."
