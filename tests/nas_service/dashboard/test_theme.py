"""Numbers as people read them."""

from __future__ import annotations

import pytest

from nas_service.dashboard.theme import STATE_COLORS, amount, count, milliseconds, reward, share
from nas_service.store import jobs


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0, "0"), (999, "999"), (1234, "1.23 k"), (5_000_000, "5 M"), (216_589_760, "217 M"), (3e9, "3 G")],
)
def test_counts(value: float | None, shown: str) -> None:
    assert count(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(None, "–"), (0.9712, "97.12%"), (1.0, "100.00%"), (-0.25, "-0.25")])
def test_metrics(value: float | None, shown: str) -> None:
    assert share(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "–"), (0.98765, "0.9877"), (-1.5, "-1.5000"), (443.5612, "443.6"), (-91.25, "-91.25")]
)
def test_rewards_have_the_digits_that_tell_them_apart(value: float | None, shown: str) -> None:
    assert reward(value) == shown


def test_latencies_carry_their_error_where_there_is_one() -> None:
    assert [milliseconds(None), milliseconds(0.12345), milliseconds(0.12345, 0.004)] == ["–", "0.123", "0.123 ± 0.004"]


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("latency_ms", 0.3, "0.3 ms"),
        ("macs", 5e6, "5 M MACs"),
        ("params", 2e6, "2 M parameters"),
        ("joules", 1.5, "1.5 joules"),
    ],
)
def test_limits_have_units(name: str, value: float, shown: str) -> None:
    assert amount(name, value) == shown


def test_every_state_of_a_job_has_its_colour() -> None:
    assert {*jobs.LIVE, *jobs.FINAL} <= STATE_COLORS.keys()
