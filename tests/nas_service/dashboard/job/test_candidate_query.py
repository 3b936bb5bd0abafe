"""What an address and the filters say of the table of candidates."""

from __future__ import annotations

import pytest

from nas_service.dashboard.job.candidate_query import CandidateQuery, amount_of, valid


def test_an_address_says_what_it_was_made_of() -> None:
    query = CandidateQuery(
        "latency_ms", "descending", "completed", "yes", "control", "c1", "c0", "0.9", "0.3", "1.2M", ""
    )
    assert CandidateQuery.of(query.parameters()) == query
    assert CandidateQuery.of({name: value for name, value in query.parameters().items() if value}) == query
    assert not any(CandidateQuery().parameters().values())


def test_what_cannot_be_is_left_out() -> None:
    wrong = {"sort": "hash", "direction": "up", "state": "tired", "arm": "both", "feasible": "1", "candidate": "<b>"}
    wrong |= {"value_min": "much", "latency_ms_max": "-1", "params_max": "1e40", "macs_max": "nan", "clone": "x"}
    assert CandidateQuery.of(wrong) == CandidateQuery()


def test_it_asks_in_the_words_of_the_interface() -> None:
    assert CandidateQuery().asked("j") == {"order": "reward", "descending": True}
    query = CandidateQuery("macs", "", "failed", "yes", "search", "c1", "c0", "0.5", "0.3", "1.2M", "250 k")
    assert query.asked("j") == {
        "order": "macs",
        "descending": False,
        "state": "failed",
        "feasible": True,
        "arm": "search",
        "id_part": "c1",
        "parent": "j.c0",
        "value_min": 0.5,
        "latency_ms_max": 0.3,
        "params_max": 1_200_000,
        "macs_max": 250_000,
    }
    assert CandidateQuery(parent="other.c3").asked("j")["parent"] == "other.c3"


def test_a_column_is_sorted_its_natural_way_and_then_the_other() -> None:
    query = CandidateQuery()
    assert (query.sort, query.descending) == ("reward", True)
    assert not query.sorted_by("reward").descending
    assert query.sorted_by("reward").sorted_by("reward").descending
    assert not query.sorted_by("reward").sorted_by("params").descending
    assert query.sorted_by("params").sorted_by("params").descending


def test_the_conditions_are_counted_and_taken_back() -> None:
    query = CandidateQuery("macs", "descending", state="failed", value_min="0.1")
    assert (query.narrows, query.cleared().narrows) == (2, 0)
    assert query.cleared() == CandidateQuery("macs", "descending")


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.3", 0.3), (".5", 0.5), ("-2", -2.0), ("250k", 250e3), ("1.2 M", 1.2e6), ("2e6", 2e6), ("3G", 3e9)],
)
def test_amounts(text: str, value: float) -> None:
    assert amount_of(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "many", "1,000", "nan", "inf", "1e999", "0x10", "1 MB"])
def test_no_amounts(text: str) -> None:
    assert amount_of(text) is None


def test_a_metric_may_be_negative_and_a_cost_may_not() -> None:
    assert [valid(name, "-1") for name in ("value_min", "macs_max")] == [True, False]
