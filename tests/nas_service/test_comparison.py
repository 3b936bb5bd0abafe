"""A search beside its control: what the intervals say, and when there are none."""

from __future__ import annotations

import numpy as np
import pytest

from nas_service.comparison import LARGEST, Frame, compare
from nas_service.store.arms import Arm


def drawn(n: int, seed: int, better: float = 0.0) -> Arm:
    """Candidates whose value grows with their cost, and is higher by so much."""
    rng = np.random.default_rng(seed)
    costs = rng.random(n)
    values = 0.5 * np.sqrt(costs) + 0.4 * rng.random(n) + better
    return Arm(n, list(zip(values.tolist(), costs.tolist(), strict=True)), values.tolist())


def test_a_frame_reaches_from_the_worst_and_the_limit_to_the_best() -> None:
    points = np.array([(0.2, 3.0), (0.6, 5.0), (0.8, 7.0)])
    assert Frame.around(points, None) == Frame((0.2, 7.0), (0.8, 3.0))
    frame = Frame.around(points, 11.0)
    assert frame == Frame((0.2, 11.0), (0.8, 3.0))
    covered = (0.6 - 0.2) * (11 - 5) + (0.8 - 0.6) * (11 - 7)
    assert frame.shares(np.array([points, [(0.8, 3.0)] * 3])) == pytest.approx([covered / (0.6 * 8), 1])
    assert frame.shares(np.zeros((1, 0, 2))) == [0]


@pytest.mark.parametrize(
    ("better", "worse", "says", "overlap"),
    [
        (0.5, 0.0, "the search is better: at 10 candidates each", False),
        (0.0, 0.5, "the random control is better: at 10 candidates each", False),
        (0.0, 0.0, "no difference is shown: at 10 candidates each", True),
    ],
)
def test_what_the_intervals_say(better: float, worse: float, says: str, overlap: bool) -> None:
    found = compare(drawn(80, 0, better), drawn(20, 1, worse), None, 0)
    assert found.note.startswith(says)
    assert (found.subset, found.overlap) == (10, overlap)
    for arm, n in ((found.search, 80), (found.control, 20)):
        assert (arm.trials, arm.candidates) == (n, n)
        assert 0 <= arm.low < arm.mean < arm.high <= arm.hypervolume <= 1


def test_the_same_job_says_the_same_again_and_another_seed_hardly_anything_else() -> None:
    arms = drawn(80, 0), drawn(20, 1)
    first = compare(*arms, None, 0)
    assert compare(*arms, None, 0) == first
    other = compare(*arms, None, 1)
    assert other != first
    assert other.search.mean == pytest.approx(first.search.mean, abs=0.02)


def test_having_more_candidates_is_no_advantage() -> None:
    """Of equally good searches neither is ahead, though one has five times as many candidates."""
    found = [compare(drawn(50, 2 * i), drawn(10, 2 * i + 1), None, i) for i in range(40)]
    ahead = np.array([one.search.mean - one.control.mean for one in found])
    assert abs(ahead.mean()) < 3 * ahead.std() / np.sqrt(len(ahead)) < 0.08
    assert np.mean([one.overlap for one in found]) > 0.95


def test_the_interval_covers_what_so_many_candidates_reach() -> None:
    """95 times of 100 at best; with few candidates it is somewhat narrow."""
    frame = Frame((0.0, 1.0), (0.9, 0.0))
    expected = frame.shares(np.array([drawn(10, 1000 + i).points for i in range(500)])).mean()
    ends = Arm(2, [(0.0, 1.0), (0.9, 0.0)], [])  # so that every comparison has the same frame
    found = []
    for i in range(40):
        control = drawn(20, i)
        one = compare(Arm(0, ends.points * 10, []), control, 1.0, i)
        assert one.frame == frame
        found.append(one.control.low <= expected <= one.control.high)
    assert np.mean(found) > 0.8


@pytest.mark.parametrize(
    ("search", "control", "hypervolume"),
    [
        (drawn(0, 0), drawn(0, 0), False),
        (drawn(9, 0), drawn(1, 1), True),
        (drawn(9, 0), drawn(0, 1), True),
        (Arm(9, [(0.5, 1.0)] * 9, [0.5] * 9), Arm(9, [(0.5, 1.0)] * 9, [0.5] * 9), False),
    ],
)
def test_too_few_candidates_are_not_compared(search: Arm, control: Arm, hypervolume: bool) -> None:
    found = compare(search, control, None, 0)
    assert (found.overlap, found.search.mean, found.control.low) == (None, None, None)
    assert f"{len(search.points)} of the search, {len(control.points)} of the control" in found.note
    assert (found.search.hypervolume is not None) == hypervolume
    assert found.search.best_reward == max(search.rewards, default=None)


def test_subsets_are_of_bounded_size() -> None:
    assert compare(drawn(3 * LARGEST, 0), drawn(3 * LARGEST, 1), None, 0).subset == LARGEST
