"""A search beside its control: what the intervals say, and when there are none."""

from __future__ import annotations

import numpy as np
import pytest

from nas_service.comparison import LARGEST, Frame, apart, compare, judged, side_by_side
from nas_service.store.arms import Arm

FRAME = Frame((0.0, 1.0), (0.9, 0.0))  # around all that `drawn` draws


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


def test_shares_grow_to_that_of_all_points() -> None:
    points = np.array(drawn(50, 0).points)
    grown = FRAME.growing(points)
    assert grown.tolist() == pytest.approx([float(FRAME.shares(points[None, : n + 1])[0]) for n in range(50)])


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
    """Of equally good searches neither is ahead, though one has ten times as many candidates."""
    rng, ahead, overlap = np.random.default_rng(0), [], []
    for i in range(80):
        many, few = (judged(drawn(n, 1000 * n + i), FRAME, 5, rng) for n in (100, 10))
        ahead.append(many.mean - few.mean)
        overlap.append(many.low <= few.high and few.low <= many.high)
    assert abs(np.mean(ahead)) < 3 * np.std(ahead) / np.sqrt(len(ahead)) < 0.025
    assert np.mean(overlap) > 0.95


def test_the_interval_covers_what_so_many_candidates_reach() -> None:
    """95 times of 100 at best; with few candidates it is somewhat narrow."""
    expected = FRAME.shares(np.array([drawn(10, 5000 + i).points for i in range(1000)])).mean()
    rng = np.random.default_rng(0)
    found = [judged(drawn(20, i), FRAME, 10, rng) for i in range(80)]
    assert np.mean([one.low <= expected <= one.high for one in found]) > 0.8
    assert np.mean([one.mean for one in found]) == pytest.approx(expected, abs=0.02)


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


def test_several_are_judged_in_one_frame_at_equal_numbers_of_candidates() -> None:
    arms = [drawn(80, 0), drawn(20, 1), drawn(30, 2, better=0.3)]
    found = side_by_side(arms, None, 0)
    assert found.subset == 10
    assert found.frame == Frame.around(np.array([point for arm in arms for point in arm.points]), None)
    assert max(found.judged, key=lambda one: one.hypervolume or 0.0) == found.judged[2]
    assert [one.trials for one in found.judged] == [80, 20, 30]


def test_what_has_other_axes_has_no_hypervolume() -> None:
    found = apart([drawn(8, 0), drawn(4, 1)])
    assert (found.frame, found.subset) == (None, 0)
    assert [(one.candidates, one.hypervolume) for one in found.judged] == [(8, None), (4, None)]
