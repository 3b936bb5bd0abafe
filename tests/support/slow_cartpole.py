"""Cart-pole swing-up and its policy in plain float64, node by node and step by step: what kernels are held to."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np

from search_spaces.ops import SharedWeightNetwork
from search_spaces.wann.activations import activate


def output(network: SharedWeightNetwork, weights: list[float], observation: list[float]) -> float:
    """The last node's value, with a weight for each connection."""
    values = [1.0, *observation]
    for node, activation in enumerate(network.activations, len(values)):
        terms = zip(network.sources, network.targets, weights, strict=True)
        total = sum((values[source] * weight for source, target, weight in terms if target == node), 0.0)
        values.append(float(activate(activation, np.array(total))))
    return values[-1]


def rewards(network: SharedWeightNetwork, weights: list[float], seed: int, steps: int) -> list[float]:
    """The reward of every step until the cart leaves its track, or `steps` are over."""
    x, v, a, w = np.random.default_rng(seed).normal([0, 0, pi, 0], 0.2).tolist()
    gained: list[float] = []
    while len(gained) < steps and abs(x) <= 2.4:
        s, c = sin(a), cos(a)
        u = 10 * min(1.0, max(-1.0, output(network, weights, [x, v, c, s, w])))
        dv = (-2 * 0.3 * w * w * s + 3 * 0.5 * 9.82 * s * c + 4 * u - 4 * 0.1 * v) / (4 - 3 * 0.5 * c * c)
        dw = (-3 * 0.3 * w * w * s * c + 6 * 9.82 * s + 6 * (u - 0.1 * v) * c) / (4 * 0.6 - 3 * 0.3 * c * c)
        x, v, a, w = x + v * 0.01, v + dv * 0.01, a + w * 0.01, w + dw * 0.01
        gained.append((cos(a) + 1) / 2 * cos(pi / 2 * x / 2.4))
    return gained
