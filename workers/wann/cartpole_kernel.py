"""Episodes of cart-pole swing-up, one in each lane: network, physics and reward without a line of Python a step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from . import cartpole
from .compiled import compiled
from .forward import forward_individual, forward_shared
from .lanes import absolute, any_positive, load, splat, store, where_at_most
from .vector_math import clip, cos_pi, sin_pi

_F = np.float32
_ZERO, _HALF, _ONE, _TWO, _THREE, _FOUR, _SIX = map(_F, (0, 0.5, 1, 2, 3, 4, 6))
_TURNS = _F(1 / math.pi)
_FORCE, _FRICTION, _SECONDS = _F(cartpole.FORCE), _F(cartpole.FRICTION), _F(cartpole.STEP_SECONDS)
_MOMENT, _LIMIT = _F(cartpole.POLE_MOMENT), _F(cartpole.POSITION_LIMIT)
_CENTRED = _F(0.5 / cartpole.POSITION_LIMIT)
_CART_PULL = _F(3 * cartpole.POLE_MASS * cartpole.GRAVITY)
_POLE_PULL = _F(6 * cartpole.TOTAL_MASS * cartpole.GRAVITY)
_CART_MASS, _CART_COUPLING = _F(4 * cartpole.TOTAL_MASS), _F(3 * cartpole.POLE_MASS)
_POLE_INERTIA, _POLE_COUPLING = (
    _F(4 * cartpole.POLE_LENGTH * cartpole.TOTAL_MASS),
    _F(3 * cartpole.POLE_MOMENT),
)


X, X_SPEED, ANGLE, ANGULAR_SPEED, ALIVE, TOTAL, STATES = range(7)  # rows of a chunk's state


@compiled
def run_episodes(
    offsets: Any,
    sources: Any,
    activations: Any,
    inputs: Any,
    weights: Any,
    shared: Any,
    values: Any,
    state: Any,
    steps: Any,
) -> Any:
    """One episode of up to `steps` steps in each lane that `state` (STATES, WIDTH) marks as alive.

    Fills the row TOTAL: the sum of rewards, NaN in lanes that diverged. The first arrays are those of a `Program`,
    `weights` as `forward_shared` or `forward_individual` takes them, `values` (nodes, WIDTH) is scratch.
    """
    x, x_speed = load(state, X), load(state, X_SPEED)
    angle, angular_speed = load(state, ANGLE), load(state, ANGULAR_SPEED)
    sine, cosine = sin_pi(angle * _TURNS), cos_pi(angle * _TURNS)
    total, alive = splat(_ZERO), load(state, ALIVE)
    store(values, 0, splat(_ONE))
    for _ in range(steps):
        store(values, 1, x)
        store(values, 2, x_speed)
        store(values, 3, cosine)
        store(values, 4, sine)
        store(values, 5, angular_speed)
        if shared:
            forward_shared(offsets, sources, activations, inputs, weights, values)
        else:
            forward_individual(offsets, sources, activations, inputs, weights, values)
        push = clip(load(values, len(values) - 1), -_ONE, _ONE) * _FORCE - x_speed * _FRICTION
        x_gain, angular_gain = _accelerations(push, sine, cosine, angular_speed)
        x = x + x_speed * _SECONDS
        angle = angle + angular_speed * _SECONDS
        x_speed = x_speed + x_gain * _SECONDS
        angular_speed = angular_speed + angular_gain * _SECONDS
        sine, cosine = sin_pi(angle * _TURNS), cos_pi(angle * _TURNS)
        reward = (cosine + _ONE) * _HALF * cos_pi(x * _CENTRED)
        total = total + where_at_most(splat(_ONE), alive, reward, splat(_ZERO))
        alive = where_at_most(absolute(x), splat(_LIMIT), alive, splat(_ZERO))
        if not any_positive(alive):
            break
    store(state, TOTAL, total)


@njit
def _accelerations(push: Any, sine: Any, cosine: Any, angular_speed: Any) -> Any:
    """Of cart and pole; `push` is the force less friction."""
    swing = angular_speed * angular_speed * sine * _MOMENT
    square = cosine * cosine
    cart = (sine * cosine * _CART_PULL - swing * _TWO + push * _FOUR) / (_CART_MASS - square * _CART_COUPLING)
    pole = (sine * _POLE_PULL - swing * cosine * _THREE + push * cosine * _SIX) / (
        _POLE_INERTIA - square * _POLE_COUPLING
    )
    return cart, pole
