"""Seconds as people read and write them."""

from __future__ import annotations

import pytest

from nas_service.durations import seconds_of, spoken


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
        (216_000, "2.5 d"),
        (2_700_000, "31 d"),
    ],
)
def test_the_unit_grows_with_the_time(seconds: float, said: str) -> None:
    assert spoken(seconds) == said


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("12h", 43_200), ("90d", 7_776_000), (" 4w ", 2_419_200)])
def test_a_time_is_read_in_its_unit(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "90", "d", "0d", "-1d", "1.5h", "90 d", "90D", "1y", "999999d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 90d"):
        seconds_of(text)
