"""What a survey asks for: what is missing, then what is in doubt again; and the table that it makes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from device_agent.machine import Device
from device_agent.measure import Visit
from latency_tables import Coverage, TableError, cover
from latency_tables.between import Interpolation
from latency_tables.runtime import Runtime
from latency_tables.subjects import COPIES, REFERENCE, of_network, of_op
from latency_tables.survey import AGAIN, Plan, Survey
from search_spaces import Signature, get_space

DEVICE, RUNTIME = Device("bench", "a CPU", 2, "Linux", "3.12.0"), Runtime("1.31.0", "an exporter", 1)


@pytest.fixture
def survey(all_networks, moment) -> Survey:
    ops = {op.key: op for network in all_networks for op in network.ops}
    return Survey(Plan.of(Coverage(tuple(ops.values()), 8, exhausted=True), all_networks[:6], None), moment)


def visits_of(survey: Survey, spread: dict[str, float] | None = None, slow: float = 1.0) -> list[tuple[str, Visit]]:
    """Three rounds on a device where an op costs a microsecond for 1,000 MACs, and a network its ops and 0.1 ms."""
    made = []
    for number in range(survey.protocol.visits):
        made.append((REFERENCE.name, Visit(0.2 * slow, 5)))
        for op in survey.plan.ops:
            cost = slow * (op.macs / 1e6 + 0.001)
            noise = cost * (spread or {}).get(op.key, 0.0) * number
            made += [
                (of_op(op, 1).name, Visit(0.3 * slow, 5)),
                (of_op(op, COPIES).name, Visit(0.3 * slow + 3 * cost + noise, 5)),
            ]
        for network in survey.plan.networks:
            whole = slow * (0.1 + sum(op.macs / 1e6 + 0.001 for op in network.ops))
            made.append((of_network(network).name, Visit(whole, 5)))
    return made


def counts(lacking) -> dict[str, int]:
    return {subject.name: visits for subject, visits in lacking}


def test_everything_is_missing_at_first(survey):
    found = counts(survey.lacking([]))
    assert found == {subject.name: survey.protocol.visits for subject in survey.plan.subjects}


def test_what_was_made_is_not_asked_for_again(survey):
    made = visits_of(survey)
    first = survey.plan.subjects[0].name
    left = counts(survey.lacking([(name, visit) for name, visit in made if name != first]))
    assert left == {first: survey.protocol.visits}
    assert survey.lacking(made) == []


def test_a_noisy_op_is_measured_again_and_then_flagged(survey):
    noisy = max(survey.plan.ops, key=lambda op: op.macs)
    made = visits_of(survey, {noisy.key: 2.0})
    names = {of_op(noisy, 1).name, of_op(noisy, COPIES).name}
    rounds = 0
    while lacking := survey.lacking(made):
        assert counts(lacking) == dict.fromkeys(names, survey.protocol.visits)
        made += [item for item in visits_of(survey, {noisy.key: 2.0}) if item[0] in names]
        rounds += 1
    assert rounds == AGAIN - 1
    table = survey.table(made, DEVICE, RUNTIME)
    assert {key for key, entry in table.entries.items() if entry.flag == "noisy"} == {noisy.key}


def test_the_table_of_a_survey_is_right(survey):
    table = survey.table(visits_of(survey), DEVICE, RUNTIME)
    for op in survey.plan.ops:
        assert table.entries[op.key].latency_ms == pytest.approx(op.macs / 1e6 + 0.001)
    assert table.drift == 1.0
    assert table.protocol == survey.protocol
    assert {entry.flag for entry in table.entries.values()} == {""}


def test_a_plan_with_fewer_ops_names_those_that_its_networks_lack(survey, all_networks):
    whole = survey.plan
    fewer = whole.first(len(whole.ops) - 2)
    assert fewer.ops == whole.ops[:-2]
    assert fewer.networks == whole.networks
    assert fewer.left_out == {op.key for op in whole.ops[-2:] if any(op in n.ops for n in whole.networks)}
    assert Plan.from_json(fewer.to_json()) == fewer
    assert fewer.first(1).left_out > fewer.left_out


@pytest.mark.parametrize(("resolution", "networks"), [([32], 4), ([32, 96], 12)])
def test_whatever_is_left_out_can_be_told_from_what_is_measured(resolution, networks):
    space = get_space("mobilenetv3", resolution=resolution).bind(Signature("image", 3, 10, (8, 128)))
    rng = np.random.default_rng(0)
    sampled = [space.architecture(space.sample(rng)) for _ in range(networks)]
    fewest = Plan.of(cover(space, rng, most=300), sampled, None).first(0)
    assert len(fewest.ops) == fewest.needed < 60
    told = Interpolation({op.key: 0.01 + op.macs / 1e9 for op in fewest.ops})
    assert all(told.of(op) for network in sampled for op in network.ops)
    assert Plan.from_json(fewest.to_json()) == fewest


def test_ops_that_only_speak_for_themselves_are_never_left_out():
    signature = Signature("clip", 3, 10, (32, 32), frames=(4, 4), frame_rates=(8, 8))
    space = get_space("tvn", resolution=[32], frames=[4], frame_rate=[8], blocks=[2]).bind(signature)
    sampled = [space.architecture(space.sample(np.random.default_rng(seed))) for seed in range(4)]
    plan = Plan.of(Coverage((), 4, exhausted=False), sampled, None)
    told = Interpolation({op.key: 0.01 for op in plan.first(1).ops})
    assert all(told.of(op) for network in sampled for op in network.ops)


def test_networks_are_calibrated_on_although_some_ops_are_interpolated(survey):
    """A block is left out, of which there are three like it."""
    met = survey.plan.networks[0].ops
    ops = sorted(survey.plan.ops, key=lambda op: op.kind == "mbconv" and op in met)
    fewer = replace(survey, plan=replace(survey.plan, ops=tuple(ops)).first(len(ops) - 1))
    table = fewer.table(visits_of(fewer), DEVICE, RUNTIME)
    assert len(table.networks) == len(survey.plan.networks)
    (left,) = fewer.plan.left_out
    assert left not in table.entries
    assert table.calibration.scale == pytest.approx(1)
    assert table.calibration.base_ms == pytest.approx(0.1)


def test_ops_of_a_kind_that_nothing_was_measured_of_are_named(survey):
    blocks = [op for op in survey.plan.ops if op.kind == "mbconv"]
    others = [op for op in survey.plan.ops if op.kind != "mbconv"]
    none = replace(survey, plan=replace(survey.plan, ops=(*others, *blocks), needed=0).first(len(others)))
    with pytest.raises(TableError, match=r"nothing was measured that says what mbconv\(.* costs; measure more ops"):
        none.table(visits_of(none), DEVICE, RUNTIME)


def test_more_on_a_slower_machine_is_brought_to_the_speed_of_the_table(survey, all_networks):
    first, rest = survey.plan.ops[:4], survey.plan.ops[4:]
    whole = survey.table(visits_of(survey), DEVICE, RUNTIME)
    half = replace(whole, entries={op.key: whole.entries[op.key] for op in first})
    more = replace(survey, plan=Plan(rest, tuple(all_networks[6:])))
    table = more.table(visits_of(more, slow=1.3), DEVICE, RUNTIME, half)
    for op in survey.plan.ops:
        assert table.entries[op.key].latency_ms == pytest.approx(op.macs / 1e6 + 0.001)


def test_what_was_to_be_added_to_must_be_there(survey):
    less = replace(survey, plan=replace(survey.plan, ops=survey.plan.ops[1:]))
    with pytest.raises(TableError, match="the table that these visits were to add to is gone: it had "):
        less.table(visits_of(less), DEVICE, RUNTIME)


def test_a_plan_reads_what_it_wrote(survey):
    assert Plan.from_json(survey.plan.to_json()) == survey.plan
    with pytest.raises(ValueError, match="there is no op 'nonsense'"):
        Plan.from_json({"ops": ["nonsense"], "networks": []})
