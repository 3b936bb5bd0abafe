"""What is foretold before measuring: the pace of a few subjects, and only what is still to do."""

from __future__ import annotations

from itertools import count

import pytest

from latency_tables import forecast
from latency_tables.journal import Journal
from latency_tables.measure import Model, Visit
from latency_tables.subjects import Subject

SUBJECTS = [Subject(f"s{i}", lambda: Model(b"", (1,))) for i in range(20)]


@pytest.fixture
def tried(monkeypatch) -> list[object]:
    """One item a visit that was tried out."""
    made: list[object] = []

    def visit(*arguments):
        made.append(arguments)
        return Visit(1.0, 1)

    monkeypatch.setattr(forecast, "visit", visit)
    return made


def seconds(journal, protocol, subjects=SUBJECTS):
    ticks = count()  # by this clock an export takes one second, and so does a visit
    return forecast.seconds_left(
        subjects, threads=1, protocol=protocol, journal=journal, clock=lambda: float(next(ticks))
    )


def test_the_pace_of_a_few_is_that_of_all(tried, moment):
    assert seconds(Journal(), moment) == 20 + 20 * moment.visits
    assert len(tried) == 1 + forecast.TRIED


def test_loading_libraries_does_not_count(monkeypatch, moment):
    ticks, loaded_in_s = count(), [0.0]

    def first_visit_loads(*_):
        loaded_in_s[0] = 1_000_000.0
        return Visit(1.0, 1)

    monkeypatch.setattr(forecast, "visit", first_visit_loads)
    left = forecast.seconds_left(
        SUBJECTS,
        threads=1,
        protocol=moment,
        journal=Journal(),
        clock=lambda: next(ticks) + loaded_in_s[0],
    )
    assert left == 20 + 20 * moment.visits


def test_what_a_journal_holds_is_done(tried, moment):
    journal = Journal()
    for i in range(15):
        journal.visits[f"s{i}"] = [Visit(1.0, 1)] * moment.visits
    journal.visits["s15"] = [Visit(1.0, 1)]
    assert seconds(journal, moment) == 5 + 5 * moment.visits - 1


def test_nothing_left_takes_no_time(tried, moment):
    assert seconds(Journal(), moment, []) == 0
    assert tried == []
