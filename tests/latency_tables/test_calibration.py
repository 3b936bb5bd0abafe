"""The fit from summed op costs to whole networks."""

from __future__ import annotations

import numpy as np
import pytest

from latency_tables.calibration import FEWEST_NETWORKS, SITTING_ERROR, Calibration

SUMS = np.linspace(0.1, 2.0, 12)


def test_recovers_known_coefficients():
    fitted = Calibration.fit(SUMS, 0.97 * SUMS + 0.004)
    assert fitted.scale == pytest.approx(0.97)
    assert fitted.base_ms == pytest.approx(0.004)
    assert fitted.networks == 12
    assert fitted.latency_ms(1.0) == pytest.approx(0.974)


def test_base_is_never_negative():
    fitted = Calibration.fit(SUMS, 1.1 * SUMS - 0.01)
    assert fitted.base_ms == 0
    assert 0.9 < fitted.scale < 1.1


def test_large_networks_that_scatter_say_nothing_of_a_session():
    """Their line, drawn on, would have the smallest network cost half a millisecond."""
    sums = np.linspace(3, 20, 20)
    times = sums * (1 + 0.03 * np.cos(np.arange(20))) + 0.4
    fitted = Calibration.fit(sums, times)
    assert fitted.base_ms < 0.1
    assert fitted.latency_ms(0.5) == pytest.approx(0.5, rel=0.25)
    assert np.abs(fitted.scale * sums + fitted.base_ms - times).max() < 0.1 * times.max()


def test_small_networks_count_as_much_as_large_ones():
    """Relative errors: one large network that is 10 % off must not bend the line away from the many small ones."""
    sums = np.array([*np.linspace(0.1, 0.2, 11), 10.0])
    times = sums + 0.05
    times[-1] *= 1.1
    fitted = Calibration.fit(sums, times)
    assert fitted.latency_ms(0.15) == pytest.approx(0.2, rel=0.01)


@pytest.mark.parametrize("noise", [0.005, 0.03])
def test_interval_holds_nine_of_ten_unseen_networks(noise):
    rng = np.random.default_rng(3)
    inside = []
    for _ in range(200):
        sums = rng.uniform(0.1, 1.0, 13)
        sitting = np.array([0.0] * 12 + [rng.normal(0, SITTING_ERROR)])
        times = (0.9 * sums + 0.01) * (1 + rng.normal(0, noise, 13) + sitting)
        fitted = Calibration.fit(sums[:12], times[:12])
        estimate = fitted.latency_ms(sums[12])
        inside.append(abs(estimate - times[12]) <= fitted.relative_error * estimate)
    assert 0.85 <= np.mean(inside) <= 0.96


def test_too_few_networks():
    with pytest.raises(ValueError, match=f"needs {FEWEST_NETWORKS} measured networks or more, not 3"):
        Calibration.fit(SUMS[:3], SUMS[:3])
