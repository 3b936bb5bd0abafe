"""A job in words."""

from __future__ import annotations

import pytest
from listed_jobs import listed

from nas_service.dashboard.job_words import described, pace, rounded


def test_a_job_says_what_it_is_without_what_it_lacks() -> None:
    assert described(listed(device="pi")) == "mobilenetv3 · digits · evolution · pi · ann · "
    assert described(listed(owner="")) == "mobilenetv3 · digits · evolution · "


def test_a_running_job_says_its_rate_and_when_it_ends() -> None:
    assert pace(listed()) == "4 a minute, 3 min left"


def test_one_that_ended_says_how_long_it_took() -> None:
    assert pace(listed(state="finished", final=True, seconds_left=None)) == "4 a minute, took 90 s"


def test_one_that_is_paused_or_has_nothing_done_says_less() -> None:
    assert pace(listed(state="paused", seconds_left=None)) == "4 a minute"
    assert pace(listed(trials_per_minute=None, seconds_left=None)) == ""


@pytest.mark.parametrize(("rate", "shown"), [(0.0123, "0.012"), (3.456, "3.5"), (12.6, "13"), (4578.2, "4,578")])
def test_rates_have_sensible_digits(rate: float, shown: str) -> None:
    assert rounded(rate) == shown
