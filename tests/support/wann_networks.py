"""Small weight agnostic networks for tests, drawn or made by hand."""

from __future__ import annotations

import numpy as np

from search_spaces.ops import SharedWeightNetwork
from search_spaces.wann.activations import CONTROL


def drawn(seed: int, hidden: int = 20, connections: int = 60, inputs: int = 5, outputs: int = 1) -> SharedWeightNetwork:
    """Any connections from earlier to later nodes, any activations of control tasks, linear outputs."""
    rng = np.random.default_rng(seed)
    first, last = 1 + inputs, 1 + inputs + hidden
    pairs = [(t, s) for t in range(first, last + outputs) for s in range(min(t, last))]
    chosen = sorted(pairs[i] for i in rng.choice(len(pairs), connections, replace=False))
    activations = (*rng.choice(CONTROL, hidden).tolist(), *[1] * outputs)
    sources, targets = tuple(s for _, s in chosen), tuple(t for t, _ in chosen)
    return SharedWeightNetwork((inputs,), outputs, activations, sources, targets)


def idle(inputs: int = 5) -> SharedWeightNetwork:
    """No connections: the output is always 0."""
    return SharedWeightNetwork((inputs,), 1, (1,), (), ())


def biased(inputs: int = 5) -> SharedWeightNetwork:
    """The output is the shared weight."""
    return SharedWeightNetwork((inputs,), 1, (1,), (0,), (1 + inputs,))


def exploding(inputs: int = 5) -> SharedWeightNetwork:
    """Squares of squares of the weight, less the same times the weight: above 1, infinity less infinity, no number."""
    first = 1 + inputs
    squares = tuple(range(first, first + 9))
    activations = (*[11] * 9, 7, 1)
    sources = (0, *squares[:-1], squares[-1], squares[-1], first + 9)
    targets = (*squares, first + 9, first + 10, first + 10)
    return SharedWeightNetwork((inputs,), 1, activations, sources, targets)
