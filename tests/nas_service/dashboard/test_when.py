"""How long ago, in the largest unit, and the time itself."""

from __future__ import annotations

import time

import pytest

from nas_service.dashboard.when import ago, utc


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-5, "just now"), (10, "just now"), (125, "2 min ago"), (7300, "2 h ago"), (200_000, "2 d ago")],
)
def test_times(seconds: float, shown: str) -> None:
    assert ago(time.time() - seconds) == shown


def test_a_time_is_told_with_its_zone() -> None:
    assert utc(1_700_000_000.9).isoformat() == "2023-11-14T22:13:20+00:00"
