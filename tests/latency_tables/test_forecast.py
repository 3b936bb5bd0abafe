"""What is foretold before measuring: the pace of a few subjects, only what is still to do, and what fits a budget."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from device_agent.measure import INTERLEAVED, Visit
from device_agent.rounds import Subject
from device_agent.setting import USUAL
from latency_tables import Coverage, TableError, forecast
from latency_tables.coverage import FEWEST_OPS
from latency_tables.forecast import SPARE, Forecast, Pace
from latency_tables.subjects import COPIES, of_op
from latency_tables.survey import Plan, Survey
from search_spaces.ops import Conv

OPS = tuple(Conv((8, 8, 8), 8 * n, 3) for n in range(1, 41))


@pytest.fixture
def tried(monkeypatch) -> list[object]:
    """One item a visit that was tried out."""
    made: list[object] = []

    def visited(*arguments):
        made.append(arguments)
        return Visit(1.0, 1)

    monkeypatch.setattr(forecast, "visited", visited)
    return made


@pytest.fixture
def survey(all_networks, moment) -> Survey:
    plan = Plan.of(Coverage(OPS, 1, exhausted=True), all_networks[:4], None)
    return Survey(replace(plan, ops=OPS), moment)


def foretold(survey, made=(), budget_s=None, clock=None, begun=()) -> Forecast:
    ticks = count()  # by this clock an export takes one second, and so does a visit
    return Forecast.of(
        survey.plan,
        survey.lacking(made),
        setting=USUAL,
        protocol=survey.protocol,
        budget_s=budget_s,
        begun=begun,
        clock=clock or (lambda: float(next(ticks))),
    )


def test_the_pace_of_a_few_is_that_of_all(tried, survey):
    found = foretold(survey)
    assert found.seconds == len(survey.plan.subjects) * (1 + 3)
    assert found.plan == replace(survey.plan, op_visits=survey.protocol.visits)
    assert found.left_out == 0
    assert len(tried) <= 2 * (1 + forecast.TRIED)


@pytest.mark.parametrize("ops", [5, 24, 500, 4_000])
def test_one_copy_and_several_are_tried_alike(tried, ops):
    """They come in pairs, and several copies take longer."""
    asked: list[int] = []

    def subject(place: int) -> Subject:
        return Subject(str(place), lambda: bytes(asked.append(place % 2) or 1))

    Pace.of([subject(place) for place in range(2 * ops)], USUAL, INTERLEAVED, lambda: 0.0)
    assert asked.count(0) - asked.count(1) in (0, 1, 2)  # the first one is tried twice


def test_loading_libraries_does_not_count(monkeypatch, survey):
    ticks, loaded_in_s = count(), [0.0]

    def first_visit_loads(*_):
        loaded_in_s[0] = 1_000_000.0
        return Visit(1.0, 1)

    monkeypatch.setattr(forecast, "visited", first_visit_loads)
    found = foretold(survey, clock=lambda: next(ticks) + loaded_in_s[0])
    assert found.seconds == len(survey.plan.subjects) * (1 + 3)


def test_only_what_is_lacking_counts(tried, survey):
    made = [(subject.name, Visit(1.0, 1)) for subject in survey.plan.subjects[:10] for _ in range(3)]
    made.append((survey.plan.subjects[10].name, Visit(1.0, 1)))
    assert foretold(survey, made).seconds == (len(survey.plan.subjects) - 10) * (1 + 3) - 1


def test_nothing_left_takes_no_time(tried, survey):
    assert Forecast.of(Plan((), ()), [], setting=USUAL, protocol=survey.protocol).seconds == 0
    assert tried == []


def test_the_first_ops_that_fit_a_budget_are_kept(tried, survey):
    """Networks take 4 x 4 seconds, an op two files of 4."""
    found = foretold(survey, budget_s=(16 + 8 * 20) / SPARE + 0.01)
    assert found.plan.ops == OPS[:20]
    assert found.plan.networks == survey.plan.networks
    assert found.left_out == 20
    assert found.seconds == 16 + 8 * 20


def test_what_was_measured_before_costs_nothing_of_a_budget(tried, survey):
    made = [(of_op(op, n).name, Visit(1.0, 1)) for op in OPS[:20] for n in (1, COPIES) for _ in range(3)]
    assert len(foretold(survey, made, budget_s=(16 + 8 * 10) / SPARE + 0.01).plan.ops) == 30


def test_what_was_begun_is_ended_though_the_machine_is_slower_now(tried, survey):
    """Or a call that goes on after a crash would throw visits away."""
    found = foretold(survey, budget_s=(16 + 8 * 15) / SPARE + 0.01, begun={of_op(OPS[24], 1).name})
    assert found.plan.ops == OPS[:25]
    assert found.seconds == 16 + 8 * 25


def test_a_budget_that_next_to_nothing_fits_into_is_refused(tried, survey):
    with pytest.raises(TableError, match=rf"4 whole networks and {FEWEST_OPS} ops take about 2\.1 minutes"):
        foretold(survey, budget_s=60)


@pytest.mark.parametrize(
    ("seconds", "op_visits", "ops"), [(40 * 42, 20, 40), (40 * 42 - 1, 12, 40), (40 * 26 - 1, 6, 40), (30 * 14, 6, 30)]
)
def test_more_ops_come_before_more_visits_of_each(tried, survey, seconds, op_visits, ops):
    """Of 20 visits or fewer. Networks take 4 x 21 seconds."""
    often = replace(survey, protocol=replace(survey.protocol, visits=20))
    found = foretold(often, budget_s=(84 + seconds) / SPARE + 0.01)
    assert (found.plan.op_visits, len(found.plan.ops)) == (op_visits, ops)
    again = replace(often, plan=found.plan)
    assert {n for subject, n in again.lacking(()) if subject.name.startswith("network")} == {20}
    assert {n for subject, n in again.lacking(()) if not subject.name.startswith("network")} == {op_visits}
