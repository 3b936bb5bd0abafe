"""Ops as people read them."""

from __future__ import annotations

from nas_service.api.table_views import EntryView
from nas_service.dashboard.op_words import cost, digits, maps, spelled, spread


def test_an_op_is_spelled_without_what_says_nothing() -> None:
    key = "mbconv(in_shape=16x112x112,out_channels=24,kernel=3,stride=1,se_channels=0,skip=none,se_gate=sigmoid)"
    assert spelled(key) == ("mbconv 16×112×112", "out channels 24 · kernel 3")
    assert spelled("conv(in_shape=3x8x8,stride=2,se_channels=4,se_gate=sigmoid)")[1].endswith("se gate sigmoid")
    assert spelled("something else") == ("something else", "")


def test_maps_costs_and_spreads() -> None:
    assert maps((24, 4, 4), (3, 32, 32)) == "24×4×4 to 3×32×32"
    assert [maps((64,), (64,)), maps(None, None)] == ["64", "–"]
    entry = EntryView(op="", latency_ms=0.00612, spread_ms=0.00031, runs=9, flag="")
    assert [digits(0.21), digits(1234.4), digits(0.0061)] == ["0.210", "1,234", "0.00610"]
    assert cost(entry) == "0.00612 ± 0.0003 ms"
    assert spread(EntryView(op="", latency_ms=0.2, spread_ms=0.05, runs=9, flag="noisy")) == "25.0%"
