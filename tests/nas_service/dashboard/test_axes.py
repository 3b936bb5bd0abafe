"""Ticks that three digits tell apart, whatever the size of the numbers."""

from __future__ import annotations

import pytest

from nas_service.dashboard.axes import finest, value_axis


@pytest.mark.parametrize(
    ("values", "step"),
    [((), 0), ((0.0,), 0), ((0.12852, 0.05), 0.001), ((0.97,), 0.001), ((1.5e6, -4.2e6), 1e4), ((-20, 3), 0.1)],
)
def test_the_finest_step_is_of_the_third_digit(values: tuple[float, ...], step: float) -> None:
    assert finest(values) == step


def test_an_axis_has_no_finer_ticks() -> None:
    axis = value_axis("latency_ms", 32, [0.1, 0.12852])
    assert (axis["name"], axis["minInterval"]) == ("latency_ms", 0.001)
    assert "toPrecision(3)" in axis["axisLabel"][":formatter"]
