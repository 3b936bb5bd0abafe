"""Costs of ops whose widths nobody measured, read off measured ops that differ from them in widths alone.

A network whose widths may be any has more ops than can be measured, so NetAdapt's published code interpolates its
tables too (arXiv 1804.03230). Here measured ops of the same family say what such an op costs, and a model of what work
costs on the device says by how much more or fewer channels change that. Where a width was measured, that stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from search_spaces import Op
from search_spaces.ops import MBConv, op_from_key

NEAREST = 4  # measured ops of a family that say what an op costs
_TINY = 1e-12

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Family:
    """Measured ops that differ in widths alone: where they are, (ops, widths), and how much dearer than modelled."""

    places: Floats
    excess: Floats

    def excess_at(self, place: Floats, without: int | None = None) -> float:
        """That of the nearest measured ops, weighted by their nearness; one may be left out."""
        distances = np.square(self.places - place).sum(1)
        if without is not None:
            distances[without] = np.inf
        near = distances.argsort(kind="stable")[:NEAREST]
        weights = 1 / (distances[near] + _TINY)
        return float(np.exp(weights @ np.log(self.excess[near]) / weights.sum()))


@dataclass(frozen=True)
class Interpolation:
    """What a table's entries (key to ms) say of ops that are not among them."""

    costs: Mapping[str, float]
    _known: dict[str, float | None] = field(default_factory=dict)  # by key, what was asked for before

    def cost_ms(self, op: Op) -> float | None:
        """An estimate, or None where no op of its family was measured."""
        if op.key not in self._known:
            family = self._families.get(op.family)
            modelled = 0.0 if family is None else float(work(op) @ self._models[op.kind])
            self._known[op.key] = None if family is None else modelled * family.excess_at(place(op))
        return self._known[op.key]

    @cached_property
    def relative_errors(self) -> dict[str, float]:
        """How far off estimates are, by kind of op: root mean square over the measured ones, each left out in turn."""
        squares: dict[str, list[float]] = {kind: [] for kind in self._models}
        for key, family in self._families.items():
            errors = squares[key.partition("(")[0]]
            if len(family.excess) > 1:
                found = [family.excess_at(place, without=i) for i, place in enumerate(family.places)]
                errors += np.square(np.array(found) / family.excess - 1).tolist()
        return {kind: float(np.sqrt(np.mean(errors))) if errors else 1.0 for kind, errors in squares.items()}

    @cached_property
    def _measured(self) -> list[tuple[Op, float]]:
        found = ((op_from_key(key), cost) for key, cost in self.costs.items())
        return [(op, cost) for op, cost in found if op is not None]

    @cached_property
    def _models(self) -> dict[str, Floats]:
        """For each kind of op, what a unit of each of its `work` costs."""
        kinds: dict[str, list[tuple[Op, float]]] = defaultdict(list)
        for op, cost in self._measured:
            kinds[op.kind].append((op, cost))
        return {kind: _fitted(measured) for kind, measured in kinds.items()}

    @cached_property
    def _families(self) -> dict[str, Family]:
        members: dict[str, list[tuple[Op, float]]] = defaultdict(list)
        for op, cost in self._measured:
            members[op.family].append((op, cost))
        return {key: self._family(measured) for key, measured in members.items()}

    def _family(self, measured: Sequence[tuple[Op, float]]) -> Family:
        model = self._models[measured[0][0].kind]
        excess = np.array([cost / float(work(op) @ model) for op, cost in measured])
        return Family(np.stack([place(op) for op, _ in measured]), excess)


def work(op: Op) -> Floats:
    """What an op does, in units that cost about the same wherever: being called, MACs, weights and values to read."""
    values = prod(op.in_shape) + prod(op.out_shape)
    if isinstance(op, MBConv):
        values += op.expanded_channels * (prod(op.in_shape[1:]) + prod(op.out_shape[1:]))
    return np.array([1.0, op.macs / 1e6, op.params / 1e6, values / 1e6])


def place(op: Op) -> Floats:
    """Logarithms of the channels that come in, that go out, and of those in between."""
    between = (op.expanded_channels,) if isinstance(op, MBConv) else ()
    found: Floats = np.log(np.array([op.in_shape[0], op.out_shape[0], *between], dtype=float))
    return found


def _fitted(measured: Sequence[tuple[Op, float]]) -> Floats:
    """Least squares of the relative errors, no coefficient below zero."""
    features = np.stack([work(op) / cost for op, cost in measured])
    model = np.zeros(features.shape[1])
    used = np.arange(features.shape[1])
    while True:
        found, *_ = np.linalg.lstsq(features[:, used], np.ones(len(features)), rcond=None)
        if (found > 0).all():
            break
        used = np.delete(used, found.argmin())
    model[used] = found
    return model
