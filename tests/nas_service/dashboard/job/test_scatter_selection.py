"""The table of what is selected."""

from __future__ import annotations

from nas_service.dashboard.job.scatter import Dot
from nas_service.dashboard.job.scatter_selection import LISTED, columns, rows, told


def test_the_best_by_reward_come_first_and_those_without_last() -> None:
    dots = [
        Dot(name, 1.0, 0.5, on_front=False, reward=reward) for name, reward in (("a", None), ("b", 0.1), ("c", 0.2))
    ]
    assert [row["id"] for row in rows("j", dots, "macs")] == ["c", "b", "a"]


def test_a_row_has_its_page_and_units() -> None:
    (row,) = rows("j", [Dot("j.c1", 0.25, 0.5, on_front=False, reward=0.4, error=0.01)], "latency_ms")
    assert row == {
        "id": "j.c1",
        "page": "/jobs/j/candidates/j.c1",
        "metric": "50.00%",
        "cost": "0.250 ± 0.010",
        "reward": "0.4000",
    }
    assert rows("j", [Dot("c", 2e6, 0.5, on_front=False)], "macs")[0]["cost"] == "2 M MACs"


def test_so_many_are_listed_at_most() -> None:
    assert len(rows("j", [Dot(str(i), 1.0, 0.5, on_front=False) for i in range(LISTED + 5)], "macs")) == LISTED


def test_what_is_told_is_how_many_and_what_is_left_out() -> None:
    assert told(0, 0) == "0 candidates selected"
    assert told(1, 1) == "1 candidate selected"
    assert told(30, 30) == "30 candidates selected; the best 20 by reward:"
    assert (
        told(30, 5000) == "5,000 candidates selected, of which 30 are drawn: zoom in for more; the best 20 by reward:"
    )


def test_the_columns_are_the_axes() -> None:
    assert [column["label"] for column in columns("latency_ms", "f1")] == ["candidate", "f1", "latency, ms", "reward"]
    assert columns("macs", "f1")[2]["label"] == "macs"
