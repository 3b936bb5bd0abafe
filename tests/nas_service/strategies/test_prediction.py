"""Predictions of final results, and what they are expected to add, against what many draws say."""

from __future__ import annotations

import numpy as np
import pytest

from nas_service.pareto import hypervolume
from nas_service.strategies.prediction import Regression, expected_area, expected_gain, predicted

DRAWS = 200_000


def networks(count: int, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Results on two rungs and features, of which the second result is a sum and some noise."""
    rng = np.random.default_rng(count)
    below, features = rng.normal(0.5, 0.1, count), rng.choice([-0.5, 0.5], (count, 6))
    above = 0.8 + 0.3 * below + features @ [0.05, -0.03, 0, 0.02, 0, 0] + rng.normal(0, noise, count)
    return below, above, features


def test_a_regression_finds_what_results_and_choices_make_out() -> None:
    below, above, features = networks(400, noise=0.001)
    found = Regression.fit(below, above, features)
    assert found.slope / found.scale == pytest.approx(0.3, rel=0.05)
    assert found.weights == pytest.approx([0.05, -0.03, 0, 0.02, 0, 0], abs=0.003)


@pytest.mark.parametrize("noise", [0.01, 0.05])
def test_its_error_is_that_on_networks_that_it_has_not_seen(noise: float) -> None:
    found = Regression.fit(*networks(60, noise))
    below, above, features = networks(5000, noise)
    assert found.error == pytest.approx(float((found.means(below, features) - above).std()), rel=0.25)


def test_results_that_are_all_equal_predict_the_mean() -> None:
    found = Regression.fit(np.full(5, 0.5), np.full(5, 0.9), np.zeros((5, 0)))
    assert found.means(np.array([0.5]), np.zeros((1, 0))) == pytest.approx([0.9])
    assert np.isfinite(predicted([found], np.array([0.7]), np.zeros((1, 0)))[0]).all()


def test_a_prediction_over_several_rungs_is_less_sure_than_over_one() -> None:
    first, second = Regression.fit(*networks(100, 0.02)), Regression.fit(*networks(101, 0.01))
    below, _, features = networks(3, 0)
    means, spread = predicted([first, second], below, features)
    assert means == pytest.approx(second.means(first.means(below, features), features))
    assert spread == pytest.approx(np.hypot(second.error, second.slope / second.scale * first.error))
    assert spread > predicted([second], below, features)[1]


def test_the_expected_gain_is_that_of_many_draws() -> None:
    drawn = np.random.default_rng(0).normal(0.7, 0.1, DRAWS)
    gains = expected_gain(np.array([0.7, 0.7, 0.7]), 0.1, np.array([0.6, 0.7, 0.9]))
    assert gains == pytest.approx([np.maximum(drawn - best, 0).mean() for best in (0.6, 0.7, 0.9)], rel=0.05)


def test_the_expected_area_is_that_of_many_draws() -> None:
    ended = np.array([[0.5, 1.0], [0.7, 2.0], [0.8, 4.0], [0.6, 5.0]])
    means, costs = np.array([0.65, 0.75, 0.9, 0.45]), np.array([1.5, 3.0, 6.0, 0.5])
    found = expected_area(means, 0.05, costs, ended)
    worst, dearest = 0.45 - 0.1 * 0.45, 6.0 + 0.1 * 5.5
    before, rng = hypervolume(ended, worst, dearest), np.random.default_rng(0)
    for mean, cost, area in zip(means, costs, found, strict=True):
        values = rng.normal(mean, 0.05, 4000)
        grown = [hypervolume([*ended, (value, cost)], worst, dearest) - before for value in values]
        assert area == pytest.approx(np.mean(grown), abs=0.003)
    assert found.min() > 0


def test_what_is_dominated_for_sure_adds_nothing() -> None:
    ended = np.array([[0.9, 1.0]])
    assert expected_area(np.array([0.5]), 0.01, np.array([2.0]), ended) == pytest.approx([0], abs=1e-9)
