"""Trials in requests: none too large, all workers busy, none lost."""

from __future__ import annotations

from collections import Counter

import pytest

from nas_service.coordinator.grouping import grouped
from nas_service.store import NewTrial
from workers.requests import Fidelity, Resources


def trials(n: int) -> list[NewTrial]:
    return [NewTrial(f"t{i}", i, f"c{i}", f"r{i}", None, Fidelity(1), full=True, seed=0) for i in range(n)]


@pytest.mark.parametrize(
    ("n", "batch", "slots", "sizes"),
    [
        (192, 24, 2, [24] * 8),
        (192, 24, 16, [4] * 48),
        (10, 24, 1, [3, 3, 4]),
        (7, 2, 1, [1, 2, 2, 2]),
        (2, 24, 8, [1, 1]),
        (30, 24, 0, [10, 10, 10]),
        (0, 24, 2, []),
    ],
)
def test_sizes(n: int, batch: int, slots: int, sizes: list[int]) -> None:
    shared = Counter(trial.request_id for trial in grouped(trials(n), batch, slots))
    assert sorted(shared.values()) == sizes


def test_neighbours_share_the_request_of_the_first() -> None:
    new = grouped(trials(6), 2, 1)
    assert [trial.request_id for trial in new] == ["r0", "r0", "r2", "r2", "r4", "r4"]
    assert [trial.id for trial in new] == [f"t{i}" for i in range(6)]


def test_a_task_that_takes_one_trial_at_a_time() -> None:
    assert grouped(trials(9), 1, 4) == trials(9)


@pytest.mark.parametrize(
    ("one", "room"),
    [(Resources(1), 4), (Resources(3), 1), (Resources(1, 0.5), 2), (Resources(8), 0), (Resources(0), None)],
)
def test_room(one: Resources, room: int | None) -> None:
    assert Resources(4, 1).room_for(one) == room
