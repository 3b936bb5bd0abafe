"""Networks evaluated as the published WANN code does it: node by node in numpy, one episode after another.

A contestant for `benchmarks/wann.py`. The weight matrix is (nodes, nodes) in the order bias, inputs, hidden, outputs;
every node is a product of all values with its column.
"""

from __future__ import annotations

import numpy as np

from search_spaces.ops import SharedWeightNetwork
from search_spaces.wann.activations import activate
from workers.wann.cartpole import CartPole
from workers.wann.evaluator import Floats


def rewards(network: SharedWeightNetwork, weights: Floats, repetitions: int, seed: int) -> Floats:
    """Each of `weights` (W,) on all connections, in each repetition: (W, repetitions)."""
    return np.array([[episode(network, weight, seed + i) for i in range(repetitions)] for weight in weights])


def episode(network: SharedWeightNetwork, weight: float, seed: int) -> float:
    environment = CartPole()
    matrix = np.zeros((network.node_count, network.node_count))
    matrix[list(network.sources), list(network.targets)] = weight
    observation, total, done = environment.reset(seed), 0.0, False
    while not done:
        observation, reward, done = environment.step(outputs(network, matrix, observation))
        total += reward
    return total


def outputs(network: SharedWeightNetwork, matrix: Floats, observation: Floats) -> Floats:
    first = 1 + len(observation)
    values = np.zeros((1, len(matrix)))
    values[:, 0] = 1
    values[:, 1:first] = observation
    for node in range(first, len(matrix)):
        total = np.dot(values, matrix[:, node : node + 1])
        values[:, node] = activate(network.activations[node - first], total)[:, 0]
    return values[0, -network.outputs :]
