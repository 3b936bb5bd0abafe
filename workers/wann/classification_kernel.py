"""A network over a batch of samples, 32 samples side by side: losses and right answers, or the class scores themselves.

Samples lie in blocks (blocks, 1 + inputs, WIDTH) of float32, the row of the bias first. What a node sums of inputs is
computed once a block and serves every shared weight. Sums run in the order of sources, as `forward_shared` has it.
"""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
from numba import njit

from .compiled import compiled
from .forward import activate
from .lanes import WIDTH, load, splat, store, where_at_most
from .vector_math import exp

LARGEST_GAP = 700.0  # e^-700 is about the smallest probability whose logarithm float64 still has
_ZERO = np.float32(0)


@njit
def _sum_inputs(offsets: Any, splits: Any, sources: Any, block: Any, sums: Any) -> Any:
    for node in range(len(splits)):
        total = splat(_ZERO)
        for k in range(offsets[node], splits[node]):
            total = total + load(block, sources[k])
        store(sums, node, total)


@njit
def _forward_shared(
    offsets: Any, splits: Any, sources: Any, activations: Any, inputs: Any, sums: Any, weight: Any, values: Any
) -> Any:
    """Fill `values` (computed nodes, WIDTH) under one weight on all connections."""
    for node in range(len(activations)):
        total = load(sums, node)
        for k in range(splits[node], offsets[node + 1]):
            total = total + load(values, sources[k] - inputs)
        store(values, node, activate(activations[node], total * weight))


@njit
def _forward_individual(
    offsets: Any, splits: Any, sources: Any, activations: Any, inputs: Any, block: Any, weights: Any, values: Any
) -> Any:
    """Fill `values` (computed nodes, WIDTH) under a weight (connections,) of its own for each connection."""
    for node in range(len(activations)):
        total = splat(_ZERO)
        for k in range(offsets[node], splits[node]):
            total = total + load(block, sources[k]) * weights[k]
        for k in range(splits[node], offsets[node + 1]):
            total = total + load(values, sources[k] - inputs) * weights[k]
        store(values, node, activate(activations[node], total))


@njit
def _answers(values: Any, first: Any, found: Any) -> Any:
    """Rows of `found`: the highest score, its class, the sum of e^(score - highest), and 0, or NaN where diverged."""
    top, best = load(values, first), splat(_ZERO)
    poison = top * _ZERO
    for row in range(first + 1, len(values)):
        score = load(values, row)
        best = where_at_most(score, top, best, splat(np.float32(row - first)))
        top = where_at_most(score, top, top, score)
        poison = poison + score * _ZERO
    total = splat(_ZERO)
    for row in range(first, len(values)):
        total = total + exp(load(values, row) - top)
    store(found, 0, top)
    store(found, 1, best)
    store(found, 2, total)
    store(found, 3, poison)


@njit
def _judge(values: Any, first: Any, labels: Any, found: Any) -> Any:
    """The loss over the first `len(labels)` lanes, NaN where a score is not finite, and how many answers are right.

    One logarithm a block: those of 32 sums of at most 10^5 classes add up in a product that float64 can hold.
    """
    _answers(values, first, found)
    product, gaps, right = 1.0, 0.0, 0
    for lane in range(len(labels)):
        if found[3, lane] != 0:
            return np.nan, 0
        product *= found[2, lane]
        gaps += min(float(found[0, lane]) - float(values[first + labels[lane], lane]), LARGEST_GAP)
        right += found[1, lane] == labels[lane]
    return gaps + log(product), right


@compiled
def shared_losses(
    offsets: Any, splits: Any, sources: Any, activations: Any, outputs: Any, blocks: Any, labels: Any, weights: Any
) -> Any:
    """The summed cross-entropy, NaN where diverged, and the right answers under each of `weights` (W,): (W, 2)."""
    computed, inputs = len(activations), blocks.shape[1]
    sums, values = np.empty((2, computed, WIDTH), np.float32)
    found, judged = np.empty((4, WIDTH), np.float32), np.zeros((len(weights), 2))
    for number in range(len(blocks)):
        _sum_inputs(offsets, splits, sources, blocks[number], sums)
        mine = labels[number * WIDTH : (number + 1) * WIDTH]
        for w in range(len(weights)):
            _forward_shared(offsets, splits, sources, activations, inputs, sums, weights[w], values)
            loss, right = _judge(values, computed - outputs, mine, found)
            judged[w, 0] += loss
            judged[w, 1] += right
    return judged


@compiled
def individual_losses(
    offsets: Any, splits: Any, sources: Any, activations: Any, outputs: Any, blocks: Any, labels: Any, weights: Any
) -> Any:
    """As `shared_losses`, under each of `weights` (N, connections): (N, 2)."""
    computed, inputs = len(activations), blocks.shape[1]
    values = np.empty((computed, WIDTH), np.float32)
    found, judged = np.empty((4, WIDTH), np.float32), np.zeros((len(weights), 2))
    for number in range(len(blocks)):
        mine = labels[number * WIDTH : (number + 1) * WIDTH]
        for n in range(len(weights)):
            _forward_individual(offsets, splits, sources, activations, inputs, blocks[number], weights[n], values)
            loss, right = _judge(values, computed - outputs, mine, found)
            judged[n, 0] += loss
            judged[n, 1] += right
    return judged


@compiled
def shared_scores(
    offsets: Any, splits: Any, sources: Any, activations: Any, outputs: Any, blocks: Any, weights: Any, scores: Any
) -> Any:
    """Fill `scores` (W, samples, outputs) with what the network answers under each of `weights` (W,)."""
    computed, inputs = len(activations), blocks.shape[1]
    sums, values = np.empty((2, computed, WIDTH), np.float32)
    for number in range(len(blocks)):
        _sum_inputs(offsets, splits, sources, blocks[number], sums)
        for w in range(len(weights)):
            _forward_shared(offsets, splits, sources, activations, inputs, sums, weights[w], values)
            mine = scores[w, number * WIDTH : (number + 1) * WIDTH]
            for lane in range(len(mine)):
                for output in range(outputs):
                    mine[lane, output] = values[computed - outputs + output, lane]
