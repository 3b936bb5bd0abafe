"""What a chart has to change: only what is different."""

from __future__ import annotations

from dataclasses import replace

from nas_service.dashboard.job.scatter import Dot, Picture, options
from nas_service.dashboard.job.scatter_change import change
from nas_service.window import Window

DOTS = [Dot("a", 1.0, 0.5, on_front=True), Dot("b", 3.0, 0.4, on_front=False), Dot("c", 2.0, 0.3, on_front=False)]
BEFORE = Picture(DOTS, "macs", "f1", limit=4.0)


def test_the_same_picture_needs_no_change() -> None:
    assert change(options(BEFORE), options(replace(BEFORE, dots=[*DOTS[::-1]]))) is None


def test_a_new_candidate_is_all_that_is_sent() -> None:
    after = replace(BEFORE, dots=[*DOTS, Dot("d", 2.5, 0.35, on_front=False)])
    found = change(options(BEFORE), options(after))
    assert found == {"gone": [], "come": [(2.5, 0.35, "d")], "count": 3, "around": {}, "series": []}


def test_a_candidate_that_joins_the_front_goes_from_one_series_to_the_other() -> None:
    after = replace(BEFORE, dots=[DOTS[0], replace(DOTS[1], on_front=True), DOTS[2]])
    found = change(options(BEFORE), options(after))
    assert found is not None
    assert (found["gone"], found["come"], found["count"]) == (["b"], [], 1)
    (front,) = found["series"]
    assert [point[2] for point in front["data"]] == ["a", "b"]


def test_a_candidate_with_another_result_is_exchanged() -> None:
    after = replace(BEFORE, dots=[*DOTS[:2], replace(DOTS[2], value=0.35)])
    found = change(options(BEFORE), options(after))
    assert found is not None
    assert (found["gone"], found["come"]) == (["c"], [(2.0, 0.35, "c")])


def test_axes_are_sent_as_they_grow() -> None:
    after = replace(BEFORE, dots=[*DOTS, Dot("d", 50.0, 0.2, on_front=False)])
    found = change(options(BEFORE), options(after))
    assert found is not None
    assert set(found["around"]) == {"xAxis"}


def test_a_selection_changes_its_own_series_only_and_so_does_its_end() -> None:
    selected = replace(BEFORE, selected=Window(2, 3, 0, 1))
    for before, after, count in ((BEFORE, selected, 2), (selected, BEFORE, 0)):
        found = change(options(before), options(after))
        assert found is not None
        assert (found["gone"], found["come"], found["around"]) == ([], [], {})
        (one,) = found["series"]
        assert one["id"] == "selected"
        assert len(one["data"]) == count
        assert len(one["markArea"]["data"]) == bool(count)
