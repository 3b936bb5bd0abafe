"""A search beside its random control, at equal numbers of candidates: hypervolumes of their fronts, with intervals.

Subsets of one size are drawn from the candidates of both, without replacement, and their hypervolumes are taken. The
size is half of what the smaller one has, so that its subsets differ too: the spread of half-samples is that of the
figure itself. Bootstrap samples would favour the larger one, for with replacement it repeats fewer candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .pareto import Values, growing_hypervolume, hypervolumes
from .store.arms import Arm

DRAWS = 500
LARGEST = 500  # candidates in a subset; fronts of more hardly differ
INTERVAL = (0.025, 0.975)
STREAM = 2  # of the job's seed: the search draws from the seed itself, its control from another stream

Point = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """What hypervolumes are taken in, the same for both: from `reference` to `ideal`, each (value, cost).

    The reference is the lowest value of both and the limit on the cost or, without one, the highest cost of both; the
    ideal is their highest value and their lowest cost.
    """

    reference: Point
    ideal: Point

    @classmethod
    def around(cls, points: Values, limit: float | None) -> Frame | None:
        """None where there are no points, or nothing between them."""
        if not len(points):
            return None
        (worst, cheapest), (best, dearest) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        most = dearest if limit is None else limit
        return cls((worst, most), (best, cheapest)) if best > worst and most > cheapest else None

    def shares(self, sets: Values) -> Values:
        """The hypervolume of each set of points, (sets, points, 2), as a share of the whole frame: 0 to 1."""
        return hypervolumes(sets, *self.reference) / self._whole

    def growing(self, points: Values) -> Values:
        """The share that the first one of these points, (points, 2), covers, the first two, and so on."""
        return growing_hypervolume(points, *self.reference) / self._whole

    @property
    def _whole(self) -> float:
        (value, most), (best, cheapest) = self.reference, self.ideal
        return (best - value) * (most - cheapest)


@dataclass(frozen=True)
class Judged:
    """One of the two. `hypervolume` is that of its whole front, a share of the frame.

    `mean` and the 95 % interval from `low` to `high` are of its subsets; None where there are too few candidates.
    """

    trials: int
    candidates: int
    best_reward: float | None
    hypervolume: float | None = None
    mean: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Comparison:
    """`subset` candidates are in each subset; `overlap` says whether the intervals do, and `note` what that means."""

    subset: int
    frame: Frame | None
    search: Judged
    control: Judged
    overlap: bool | None
    note: str


@dataclass(frozen=True)
class Standings:
    """Several judged in one `frame`, None where there is nothing between their points. `subset` as in `Comparison`."""

    subset: int
    frame: Frame | None
    judged: tuple[Judged, ...]


def side_by_side(arms: Sequence[Arm], limit: float | None, seed: int) -> Standings:
    """`limit` is that on the cost of the front."""
    frame = Frame.around(_array([point for arm in arms for point in arm.points]), limit)
    subset = min(2 * LARGEST, *(len(arm.points) for arm in arms)) // 2 if frame is not None else 0
    rng = np.random.default_rng((seed, STREAM))
    return Standings(subset, frame, tuple(judged(arm, frame, subset, rng) for arm in arms))


def apart(arms: Sequence[Arm]) -> Standings:
    """Without a frame, for those whose fronts have other axes."""
    return Standings(
        0, None, tuple(Judged(arm.trials, len(arm.points), max(arm.rewards, default=None)) for arm in arms)
    )


def compare(search: Arm, control: Arm, limit: float | None, seed: int) -> Comparison:
    """`limit` is that on the cost of the front, `seed` the job's."""
    found = side_by_side((search, control), limit, seed)
    first, second = found.judged
    overlap, note = _verdict(first, second, found.subset)
    return Comparison(found.subset, found.frame, first, second, overlap, note)


def judged(arm: Arm, frame: Frame | None, subset: int, rng: np.random.Generator) -> Judged:
    """One of the two in the frame of both, by subsets of so many candidates."""
    points = _array(arm.points)
    plain = Judged(arm.trials, len(points), max(arm.rewards, default=None))
    if frame is None:
        return plain
    plain = replace(plain, hypervolume=float(frame.shares(points[None])[0]))
    if not subset:
        return plain
    chosen = np.stack([rng.choice(len(points), subset, replace=False, shuffle=False) for _ in range(DRAWS)])
    drawn = frame.shares(points[chosen])
    low, high = np.quantile(drawn, INTERVAL).tolist()
    return replace(plain, mean=float(np.mean(drawn)), low=low, high=high)


def _array(points: Sequence[Point]) -> Values:
    """(points, 2), for no points too."""
    return np.array(points, dtype=np.float64).reshape(-1, 2)


def _verdict(search: Judged, control: Judged, subset: int) -> tuple[bool | None, str]:
    """Whether the intervals overlap, and what that says."""
    if search.low is None or search.high is None or control.low is None or control.high is None:
        return None, (
            f"too few different candidates with a result in full within the limits to compare: {search.candidates} of "
            f"the search, {control.candidates} of the control; two of each are the least"
        )
    if search.low > control.high:
        return False, f"the search is better: at {subset} candidates each the intervals do not overlap"
    if control.low > search.high:
        return False, f"the random control is better: at {subset} candidates each the intervals do not overlap"
    return True, f"no difference is shown: at {subset} candidates each the intervals overlap"
