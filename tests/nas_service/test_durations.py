"""Seconds as people read them."""

from __future__ import annotations

import pytest

from nas_service.durations import spoken


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.25, "0.25 s"),
        (9.5, "9.5 s"),
        (96.4, "96 s"),
        (840, "14 min"),
        (7199, "120 min"),
        (11_160, "3.1 h"),
    ],
)
def test_the_unit_grows_with_the_time(seconds: float, said: str) -> None:
    assert spoken(seconds) == said
