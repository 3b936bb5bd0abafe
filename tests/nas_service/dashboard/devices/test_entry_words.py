"""Entries of latency tables as people read them."""

from __future__ import annotations

import numpy as np
import pytest
from op_views import OPTIONS, SIGNATURES, sampled

from nas_service.api.table_views import EntryView
from nas_service.dashboard.devices.entry_words import cost, digits, maps, spelled, spread
from nas_service.dashboard.wording import details, keyed, title
from search_spaces import get_space


def test_an_op_is_spelled_without_what_says_nothing() -> None:
    key = "mbconv(in_shape=16x112x112,out_channels=24,kernel=3,stride=1,se_channels=0,skip=none,se_gate=sigmoid)"
    assert spelled(key) == ("mbconv 3×3 on 16×112×112", "gives 24")
    assert spelled("conv(in_shape=3x8x8,stride=2,se_channels=4,se_gate=sigmoid)") == (
        "conv / 2 on 3×8×8",
        "SE 4 sigmoid",
    )
    assert spelled("linear(in_shape=64,outputs=10)") == ("linear on 64", "gives 10")
    assert spelled("something else") == ("something else", "")


@pytest.mark.parametrize("space", sorted(SIGNATURES))
def test_a_key_says_of_an_op_what_its_architecture_says(space: str) -> None:
    bound = get_space(space, **OPTIONS[space]).bind(SIGNATURES[space])
    ops = [node.op for node in bound.architecture(bound.sample(np.random.default_rng(3))).nodes]
    shown = sampled(space, seed=3).ops
    assert [keyed(op.key).fields for op in ops] == [op.fields for op in shown]
    assert [(title(keyed(op.key)), details(keyed(op.key))) for op in ops] == [(title(op), details(op)) for op in shown]


def test_maps_costs_and_spreads() -> None:
    assert maps((24, 4, 4), (3, 32, 32)) == "24×4×4 to 3×32×32"
    assert [maps((64,), (64,)), maps(None, None)] == ["64", "–"]
    entry = EntryView(op="", latency_ms=0.00612, spread_ms=0.00031, runs=9, flag="")
    assert [digits(0.21), digits(1234.4), digits(0.0061)] == ["0.210", "1,234", "0.00610"]
    assert cost(entry) == "0.00612 ± 0.0003 ms"
    assert spread(EntryView(op="", latency_ms=0.2, spread_ms=0.05, runs=9, flag="noisy")) == "25.0%"
