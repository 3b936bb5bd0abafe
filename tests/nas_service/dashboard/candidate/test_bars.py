"""What each op costs as bars: a row an op, beside the rows of the drawing."""

from __future__ import annotations

from op_views import op, published

from nas_service.dashboard.candidate import drawing
from nas_service.dashboard.candidate.bars import height, options, rows


def test_every_op_has_a_bar_in_its_order() -> None:
    ops = published("mobilenetv3-small").ops
    drawn = options(ops, "params")
    assert [bar["value"] for bar in drawn["series"][0]["data"]] == [op.params for op in ops]
    assert drawn["yAxis"]["data"][:2] == ["1 conv", "2 mbconv"]
    assert drawn["yAxis"]["inverse"]


def test_rows_are_as_high_as_those_of_the_drawing() -> None:
    ops = [op(), op()]
    grid = options(ops, "macs")["grid"]
    assert height(ops) - grid["top"] - grid["bottom"] == 2 * drawing.ROW
    assert grid["top"] == drawing.HEAD


def test_what_was_not_measured_says_so_and_has_no_length() -> None:
    known, unknown = options([op(latency_ms=0.012345), op()], "latency_ms")["series"][0]["data"]
    assert (known["value"], known["label"]["formatter"]) == (0.012345, "0.0123")
    assert (unknown["value"], unknown["label"]["formatter"]) == (0, "not measured")


def test_what_others_say_of_an_op_is_told_from_what_was_measured() -> None:
    told = op(latency_ms=0.0123, latency_error_ms=0.00234)
    measured, interpolated = options([op(latency_ms=0.0123, latency_error_ms=0.0), told], "latency_ms")["series"][0][
        "data"
    ]
    assert "itemStyle" not in measured
    assert interpolated["label"]["formatter"] == "0.0123 ± 0.002"
    assert interpolated["itemStyle"]


def test_a_name_is_no_template_of_a_label() -> None:
    drawn = options([op("{b|evil}", params=1500)], "params")
    assert drawn["series"][0]["data"][0]["label"]["formatter"] == "1.5 k"


def test_rows_hold_all_costs_of_each_op() -> None:
    known, unknown = rows([op(latency_ms=0.5, latency_error_ms=0.1, params=7, macs=9), op()])
    assert (known["op"], known["kind"], known["latency_ms"], known["latency_error_ms"]) == (1, op().kind, 0.5, 0.1)
    assert (known["params"], known["macs"]) == (7, 9)
    assert (known["what"], known["in_shape"], known["out_shape"]) == ("conv", "16×8×8", "16×8×8")
    assert (unknown["op"], unknown["latency_ms"]) == (2, None)
