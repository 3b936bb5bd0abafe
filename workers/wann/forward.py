"""One forward pass of a network over all lanes: node after node, each dispatching once on its activation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from .lanes import absolute, load, splat, store, where_at_most
from .vector_math import cos_pi, exp, sin_pi, tanh

_ZERO, _HALF, _ONE = np.float32(0), np.float32(0.5), np.float32(1)


@njit(inline="always")  # called, it would pass lanes through memory: a quarter slower
def activate(number: Any, x: Any) -> Any:  # noqa: C901, PLR0911 - one branch an activation
    """Activation `number` (`search_spaces.wann.activations`) of every lane."""
    if number == 2:
        return where_at_most(x, splat(_ZERO), splat(_ZERO), where_at_most(splat(_ZERO), x, splat(_ONE), splat(_ZERO)))
    if number == 3:
        return sin_pi(x)
    if number == 4:
        return exp(x * x * -_HALF)
    if number == 5:
        return tanh(x)
    if number == 6:
        return tanh(x * _HALF) * _HALF + _HALF
    if number == 7:
        return x * -_ONE
    if number == 8:
        return absolute(x)
    if number == 9:
        return where_at_most(x, splat(_ZERO), splat(_ZERO), x)
    if number == 10:
        return cos_pi(x)
    if number == 11:
        return x * x
    return x


@njit
def forward_shared(offsets: Any, sources: Any, activations: Any, inputs: Any, weights: Any, values: Any) -> Any:
    """Fill the computed rows of `values` (nodes, WIDTH), whose first `inputs` rows are given.

    `weights` (1, WIDTH) holds each lane's shared weight.
    """
    weight = load(weights, 0)
    for node in range(len(activations)):
        total = splat(_ZERO)
        for k in range(offsets[node], offsets[node + 1]):
            total = total + load(values, sources[k])
        store(values, inputs + node, activate(activations[node], total * weight))


@njit
def forward_individual(offsets: Any, sources: Any, activations: Any, inputs: Any, weights: Any, values: Any) -> Any:
    """As `forward_shared`, with a weight of its own for each connection: `weights` (connections, WIDTH)."""
    for node in range(len(activations)):
        total = splat(_ZERO)
        for k in range(offsets[node], offsets[node + 1]):
            total = total + load(weights, k) * load(values, sources[k])
        store(values, inputs + node, activate(activations[node], total))
