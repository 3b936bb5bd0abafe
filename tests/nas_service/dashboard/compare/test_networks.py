"""What is told of networks op by op."""

from __future__ import annotations

from compared_views import architecture
from op_views import op

from nas_service.api.views import OpView
from nas_service.dashboard.candidate.drawing import Rows
from nas_service.dashboard.compare.networks import Drawn, difference_told, ops, rows_of


def drawn(*found: OpView) -> Drawn:
    return Drawn("j.c1", "j", architecture(found))


def test_rows_that_differ_are_told_apart_from_those_that_do_not() -> None:
    lines = ops([drawn(op(kernel=3), op("pool")), drawn(op(kernel=5), op("pool")), drawn(op(kernel=3))])
    assert lines is not None
    assert [what for what, _ in lines.rows] == ["row 1", "row 2"]
    assert lines.differing == [True, True]
    assert lines.told == "2 of 2 rows differ; what differs is told against A."
    same = ops([drawn(op(kernel=3)), drawn(op(kernel=3))])
    assert same is not None
    assert (same.differing, same.told) == ([False], "They do not differ in any op.")


def test_one_alone_and_networks_of_shared_weights_have_no_rows() -> None:
    shared = drawn(op("shared_weight_network"))
    assert ops([drawn(op())]) is None
    assert ops([drawn(op()), shared]) is None
    assert rows_of([drawn(op()), shared]) == [None, None]


def test_a_picture_says_how_much_of_it_differs() -> None:
    assert difference_told(Rows([0], 1)) == "the same ops as A"
    assert difference_told(Rows([0, 2], 3, {1: ("added",)}, [1])) == "against A: 1 of 2 ops differ, 1 missing here"
    assert difference_told(None) == ""
