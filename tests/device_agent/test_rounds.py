"""Interleaving, the reference and progress, with subjects whose visits cost nothing."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from device_agent import measure, rounds
from device_agent.journal import Journal
from device_agent.measure import Protocol, Visit
from device_agent.rounds import CannotRun, Progress, Subject
from device_agent.setting import USUAL

NAMES = [f"s{i}" for i in range(8)]


@pytest.fixture(autouse=True)
def visited(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models in the order of their visits; each model is its subject's name."""
    seen: list[str] = []

    def visit(model: bytes, *_: object) -> Visit:
        if model == b"broken":
            raise RuntimeError("no kernel\nfor it")
        seen.append(model.decode())
        return Visit(1.0, 1)

    monkeypatch.setattr(measure, "visit", visit)
    return seen


def subject(name: str) -> Subject:
    return Subject(name, name.encode)


def run(moment: Protocol, lacking: dict[str, int], progress=lambda _: None) -> Journal:
    ticks, journal = count(), Journal()
    rounds.measure_subjects(
        [(subject(name), visits) for name, visits in lacking.items()],
        subject("reference"),
        setting=USUAL,
        protocol=moment,
        rng=np.random.default_rng(0),
        sink=journal,
        progress=progress,
        clock=lambda: float(next(ticks)),
    )
    return journal


def test_each_round_visits_each_subject_in_another_order(visited, moment):
    journal = run(moment, dict.fromkeys(NAMES, 3))
    assert [name for name, _ in journal.made] == visited
    others = [name for name in visited if name != "reference"]
    in_rounds = [others[i : i + 8] for i in range(0, 24, 8)]
    assert all(sorted(one) == NAMES for one in in_rounds)
    assert len({tuple(one) for one in in_rounds}) == 3


def test_the_reference_is_visited_all_along(visited, moment):
    run(moment, dict.fromkeys(NAMES, 3))
    at = [i for i, name in enumerate(visited) if name == "reference"]
    assert at == [0, 9, 18, 27]


def test_who_lacks_most_comes_first(visited, moment):
    run(moment, {"s0": 1, "s1": 3})
    assert [name for name in visited if name != "reference"][:2] == ["s1", "s1"]
    assert (visited.count("s0"), visited.count("s1")) == (1, 3)


@pytest.mark.parametrize("limit", [{"BATCH": 4}, {"BATCH_BYTES": 7}])
def test_batches_hold_few_models_at_a_time(visited, moment, monkeypatch, limit):
    for name, most in limit.items():  # a model has two bytes here
        monkeypatch.setattr(rounds, name, most)
    run(moment, dict.fromkeys(NAMES, 2))
    others = [name for name in visited if name != "reference"]
    assert len(others) == 16
    assert not set(others[:8]) & set(others[8:])
    assert visited[-1] == "reference"


def test_progress_counts_up_to_the_end(moment):
    seen: list[Progress] = []
    run(moment, dict.fromkeys(NAMES, 3), seen.append)
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert seen[-1].done == seen[-1].total
    assert seen[-1].seconds_left == 0
    assert (seen[0].seconds_left or 0) > (seen[-2].seconds_left or 0) > 0


def test_nothing_to_do_is_no_error(visited, moment):
    run(moment, {})
    assert visited == []


def test_what_the_runtime_does_not_run_is_named(moment):
    with pytest.raises(CannotRun, match=r"cannot run 'broken' here: no kernel$") as caught:
        run(moment, {"broken": 1})
    assert caught.value.subject == "broken"


def test_the_time_left_is_told_by_what_exports_and_visits_take():
    """An export of seconds says nothing of visits, once some are made."""
    now, seen = [0.0], []
    steps = rounds.Steps(exports=2, visits=8, progress=seen.append, clock=lambda: now[0])
    for took_s, step in ((5.0, steps.exported), (7.0, steps.exported), (0.5, steps.visited)):
        now[0] += took_s
        step()
    assert [round(p.seconds_left, 6) for p in seen] == [5.0 + 8 * 0.5, 8 * 0.6, 7 * 0.5]
