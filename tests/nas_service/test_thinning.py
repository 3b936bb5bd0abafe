"""What is left of many points: outliers and ends, evenly what lies between, and nothing that comes and goes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_service.thinning import Places, Values, thinned

NONE = np.arange(0)
anywhere = st.floats(allow_nan=False, allow_infinity=False)
coarse = st.integers(0, 30).map(float)  # few values, so that many points share their place
pairs = st.one_of(st.tuples(anywhere, anywhere), st.tuples(coarse, coarse))
clouds = st.lists(pairs, min_size=1, max_size=120)


def columns(points: list[tuple[float, float]]) -> tuple[Values, Values]:
    x, y = np.array(points, dtype=float).T
    return x, y


@given(clouds, st.integers(10, 130), st.data())
def test_so_many_are_left_and_those_to_be_kept_are_among_them(
    points: list[tuple[float, float]], most: int, data: st.DataObject
) -> None:
    x, y = columns(points)
    kept = data.draw(st.sets(st.integers(0, len(x) - 1), max_size=6))
    left = thinned(x, y, most, np.array(sorted(kept), dtype=int))
    assert len(left) == min(most, len(x))
    assert sorted(set(left.tolist())) == left.tolist()
    assert kept <= set(left.tolist())


@given(clouds, st.integers(4, 130))
def test_the_ends_of_both_axes_are_left(points: list[tuple[float, float]], most: int) -> None:
    x, y = columns(points)
    left = thinned(x, y, most, NONE)
    for axis in (x, y):
        assert (axis[left].min(), axis[left].max()) == (axis.min(), axis.max())


@given(clouds, clouds, st.integers(10, 130))
def test_of_more_points_none_of_the_old_ones_appears_anew(
    before: list[tuple[float, float]], after: list[tuple[float, float]], most: int
) -> None:
    frame = [(-1e6, -1e6), (1e6, 1e6)]  # as wide from the beginning
    old = [point for point in (*frame, *before) if max(map(abs, point)) < 1e6 or point in frame]
    new = [point for point in after if max(map(abs, point)) < 1e6]
    first = set(thinned(*columns(old), most, NONE).tolist())
    second = set(thinned(*columns(old + new), most, NONE).tolist())
    assert {place for place in second if place < len(old)} <= first
    assert len(first - second) <= len(new)


@given(clouds)
def test_every_square_of_a_picture_shows_a_point_where_it_has_any(points: list[tuple[float, float]]) -> None:
    x, y = columns([(0.0, 0.0), (15.5, 15.5), *((abs(a) % 15, abs(b) % 15) for a, b in points)])
    left = thinned(x, y, (16 + 1) ** 2 + 4, NONE)
    assert squares(x, y, left) == squares(x, y, np.arange(len(x)))


def squares(x: Values, y: Values, places: Places) -> set[tuple[float, float]]:
    return set(zip(np.floor(x[places]).tolist(), np.floor(y[places]).tolist(), strict=True))


def test_an_outlier_stays_beside_a_crowd() -> None:
    rng = np.random.default_rng(0)
    crowd = rng.normal(0, 0.01, (20_000, 2))
    outliers = rng.uniform(-1, 1, (40, 2))
    x, y = np.concatenate([crowd, outliers]).T
    left = thinned(x, y, 1000, NONE)
    assert set(range(20_000, 20_040)) <= set(left.tolist())
    assert len(left) == 1000


def test_a_crowd_is_thinned_evenly() -> None:
    x, y = np.random.default_rng(0).uniform(0, 1, (2, 50_000))
    left = thinned(x, y, 2000, NONE)
    counts, _, _ = np.histogram2d(x[left], y[left], bins=8)
    assert counts.min() > 0.5 * counts.mean()
    assert counts.max() < 2 * counts.mean()


@pytest.mark.parametrize("at", [0.0, 1e-300, 5e-324, 1e300])
def test_points_at_one_place_are_thinned_to_the_first(at: float) -> None:
    x = np.full(100, at)
    assert thinned(x, x, 10, NONE).tolist() == list(range(10))


def test_what_is_to_be_kept_may_be_more_than_there_is_room_for() -> None:
    x = np.arange(50.0)
    assert thinned(x, x, 10, np.arange(20)).tolist() == [*range(20), 49]
