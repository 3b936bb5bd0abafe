"""Interleaving and progress, with subjects whose visits cost nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from latency_tables import rounds
from latency_tables.journal import Journal
from latency_tables.measure import Model, Visit
from latency_tables.subjects import Subject

NAMES = [f"s{i}" for i in range(8)]


@pytest.fixture
def visited(monkeypatch) -> list[str]:
    """The models in the order of their visits; each model is its subject's name."""
    seen: list[str] = []

    def visit(model, *_):
        seen.append(model.decode())
        return Visit(1.0, 1)

    monkeypatch.setattr(rounds, "visit", visit)
    return seen


def measure(journal, protocol, names=NAMES, progress=lambda _: None, seed=0):
    subjects = [Subject(name, lambda name=name: Model(name.encode(), (1,))) for name in names]
    ticks = count()
    rounds.measure_subjects(
        subjects,
        threads=1,
        protocol=protocol,
        rng=np.random.default_rng(seed),
        journal=journal,
        progress=progress,
        clock=lambda: next(ticks),
    )


def test_each_round_visits_each_subject_in_another_order(visited, moment):
    measure(Journal(), moment)
    in_rounds = [visited[i : i + 8] for i in range(0, 24, 8)]
    assert all(sorted(one) == NAMES for one in in_rounds)
    assert len({tuple(one) for one in in_rounds}) == 3


def test_only_missing_visits_are_made(visited, moment):
    journal = Journal()
    journal.visits["s0"] = [Visit(1.0, 1)] * 3
    journal.visits["s1"] = [Visit(1.0, 1)] * 2
    measure(journal, moment)
    assert visited.count("s0") == 0
    assert visited.count("s1") == 1
    assert {len(visits) for visits in journal.visits.values()} == {3}


def test_batches_hold_few_models_at_a_time(visited, moment, monkeypatch):
    monkeypatch.setattr(rounds, "BATCH", 4)
    measure(Journal(), replace(moment, visits=2))
    assert len(visited) == 16
    assert not set(visited[:8]) & set(visited[8:])


def test_progress_counts_up_to_the_end(visited, moment):
    seen = []
    measure(Journal(), moment, progress=seen.append)
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert seen[-1].done == seen[-1].total
    assert seen[-1].seconds_left == 0
    assert seen[0].seconds_left > seen[-2].seconds_left > 0


def test_nothing_to_do_is_no_error(visited, moment):
    measure(Journal(), moment, names=[])
    assert visited == []
