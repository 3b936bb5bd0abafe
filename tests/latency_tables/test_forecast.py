"""What is foretold before measuring: the pace of a few subjects, and only what is still to do."""

from __future__ import annotations

from itertools import count

import pytest

from device_agent.measure import Visit
from device_agent.rounds import Subject
from device_agent.setting import USUAL
from latency_tables import forecast

SUBJECTS = [Subject(f"s{i}", lambda: b"") for i in range(20)]


@pytest.fixture
def tried(monkeypatch) -> list[object]:
    """One item a visit that was tried out."""
    made: list[object] = []

    def visit(*arguments):
        made.append(arguments)
        return Visit(1.0, 1)

    monkeypatch.setattr(forecast, "visit", visit)
    return made


def seconds(lacking, protocol):
    ticks = count()  # by this clock an export takes one second, and so does a visit
    return forecast.seconds_left(lacking, setting=USUAL, protocol=protocol, clock=lambda: float(next(ticks)))


def test_the_pace_of_a_few_is_that_of_all(tried, moment):
    assert seconds([(subject, 3) for subject in SUBJECTS], moment) == 20 + 20 * 3
    assert len(tried) == 1 + forecast.TRIED


def test_loading_libraries_does_not_count(monkeypatch, moment):
    ticks, loaded_in_s = count(), [0.0]

    def first_visit_loads(*_):
        loaded_in_s[0] = 1_000_000.0
        return Visit(1.0, 1)

    monkeypatch.setattr(forecast, "visit", first_visit_loads)
    left = forecast.seconds_left(
        [(subject, 3) for subject in SUBJECTS],
        setting=USUAL,
        protocol=moment,
        clock=lambda: next(ticks) + loaded_in_s[0],
    )
    assert left == 20 + 20 * 3


def test_only_what_is_lacking_counts(tried, moment):
    assert seconds([(SUBJECTS[15], 2), *((subject, 3) for subject in SUBJECTS[16:])], moment) == 5 + 5 * 3 - 1


def test_nothing_left_takes_no_time(tried, moment):
    assert seconds([], moment) == 0
    assert tried == []
