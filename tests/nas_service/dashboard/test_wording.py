"""Ops in words."""

from __future__ import annotations

from typing import Any

import pytest
from op_views import op

from nas_service.dashboard.wording import details, title, value


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, "conv"),
        ({"kernel": 5, "stride": 1}, "conv 5×5"),
        ({"kernel": 3, "stride": 2}, "conv 3×3 / 2"),
        ({"kernel": [3, 1, 1], "stride": [1, 1, 1]}, "conv 3×1×1"),
        ({"kernel": [1, 4, 4], "stride": [1, 3, 3]}, "conv 1×4×4 / 1×3×3"),
    ],
)
def test_titles(fields: dict[str, Any], shown: str) -> None:
    assert title(op(**fields)) == shown


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"kernel": 5, "out_channels": 8, "activation": "none", "skip": "none"}, ""),
        ({"expanded_channels": 64, "se_channels": 16, "se_gate": "hard_sigmoid"}, "expands to 64 · SE 16"),
        ({"expanded_channels": 16, "se_channels": 0, "se_gate": "sigmoid"}, "no expansion"),
        ({"se_channels": 8, "se_gate": "sigmoid"}, "SE 8 sigmoid"),
        ({"groups": 16, "activation": "relu", "padding": "same"}, "depthwise · relu"),
        ({"groups": 4, "padding": "symmetric"}, "4 groups · symmetric padding"),
        ({"skip": "identity"}, "skip"),
        ({"skip": "pool"}, "skip by pool"),
        ({"head": "per_frame", "hidden": 0, "gated": False}, "per_frame"),
        ({"temperature": 0.25, "bold_move": True}, "temperature 0.25 · bold move yes"),
    ],
)
def test_details(fields: dict[str, Any], shown: str) -> None:
    assert details(op(**fields)) == shown


def test_long_lists_are_counted() -> None:
    assert [value([1, 2, 3, 4]), value([0] * 5), value({"a": 1})] == ["1×2×3×4", "(5 values)", "(1 values)"]
