"""sin, cos, exp and tanh of float32 lanes as short polynomials without branches, to about 3e-7 of their range.

The polynomials interpolate at Chebyshev nodes; tanh is the rational approximation that Eigen and XNNPACK use. NaN
stays NaN, and a sine of infinity is NaN, as in numpy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from .lanes import absolute, nearest, power_of_two, splat, where_at_most

_F = np.float32
_SIN = tuple(map(_F, (3.1415927, 3.1415927, 1.1154723, 0.20482764, 0.023025317, 0.0018274857)))
_COS = tuple(map(_F, (3.1415927, -5.1677103, 2.5500774, -0.5982904, 0.07765591)))
_EXP2 = tuple(map(_F, (1.0, 0.6931472, 0.2402265, 0.05550327, 0.009618057, 0.0013400428, 0.00015461445)))
_TANH_ABOVE = tuple(
    map(
        _F,
        (
            4.89352455891786e-03,
            6.37261928875436e-04,
            1.48572235717979e-05,
            5.12229709037114e-08,
            -8.60467152213735e-11,
            2.00018790482477e-13,
            -2.76076847742355e-16,
        ),
    )
)
_TANH_BELOW = tuple(map(_F, (4.89352518554385e-03, 2.26843463243900e-03, 1.18534705686654e-04, 1.19825839466702e-06)))
_TANH_SATURATED = _F(7.9)
_TWO, _ONE, _HALF = _F(2), _F(1), _F(0.5)
_LOG2_E = _F(1.4426950408889634)
_SMALLEST = _F(-126)
_ROUNDER = _F(1.5 * 2**23)  # a float32 of this size has no room for a fraction


@njit
def clip(x: Any, low: Any, high: Any) -> Any:
    """`x` within `low` and `high`; NaN stays."""
    at_most = where_at_most(splat(high), x, splat(high), x)
    return where_at_most(at_most, splat(low), splat(low), at_most)


@njit
def sin_pi(x: Any) -> Any:
    """sin(pi x). With r = x less the nearest even number, it is s P(|s|) where s = r (1 - |r|)."""
    r = x - nearest(x * _HALF) * _TWO
    s = r * (_ONE - absolute(r))
    a = absolute(s)
    return s * (((((a * _SIN[5] + _SIN[4]) * a + _SIN[3]) * a + _SIN[2]) * a + _SIN[1]) * a + _SIN[0])


@njit
def cos_pi(x: Any) -> Any:
    """cos(pi x) = sin(pi t), where t = 1/2 - |x less the nearest even number|."""
    t = _HALF - absolute(x - nearest(x * _HALF) * _TWO)
    a = t * t
    return t * ((((a * _COS[4] + _COS[3]) * a + _COS[2]) * a + _COS[1]) * a + _COS[0])


@njit
def exp(x: Any) -> Any:
    """e^x for x <= 88; results below float32's normal numbers are 1.2e-38."""
    y = x * _LOG2_E
    y = where_at_most(y, splat(_SMALLEST), splat(_SMALLEST), y)
    shifted = y + _ROUNDER
    f = y - (shifted - _ROUNDER)
    e = _EXP2
    power = ((((((f * e[6] + e[5]) * f + e[4]) * f + e[3]) * f + e[2]) * f + e[1]) * f) + e[0]
    return power * power_of_two(shifted)


@njit
def tanh(x: Any) -> Any:
    x = clip(x, -_TANH_SATURATED, _TANH_SATURATED)
    s = x * x
    n, d = _TANH_ABOVE, _TANH_BELOW
    above = (((((s * n[6] + n[5]) * s + n[4]) * s + n[3]) * s + n[2]) * s + n[1]) * s + n[0]
    below = ((s * d[3] + d[2]) * s + d[1]) * s + d[0]
    return x * above / below
