"""Costs of ops that nobody measured, read off measured ops that differ from them in widths and size alone.

A network whose widths may be any has more ops than can be measured, so NetAdapt's published code interpolates its
tables too (arXiv 1804.03230), and a whole space at four resolutions would take hours. Here measured ops of the same kin
(kernel, stride, gate, activation and skip alike) say what such an op costs: a model of what work costs on the device,
and by how much the nearest of them are dearer than modelled. Where an op was measured, that stands.

Runtimes work on blocks of channels, so that cost climbs in steps (a staircase to nn-Meter, MobiSys 2021): the model
counts channels in the blocks that suit the measurements best.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import log, prod
from typing import Any, NamedTuple

import numpy as np

from search_spaces import Op
from search_spaces.ops import Classifier, Conv, MBConv, op_from_key

NEAREST = 8  # measured ops of a kin that say what an op costs
ENOUGH = 12  # of a kin, for a model of its own
BLOCKS = (1, 8, 16)  # channels
UNKNOWN = 1.0  # relative error, where too little was measured to tell
_TINY = 1e-9

Floats = np.ndarray[Any, np.dtype[np.float64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
Measured = Sequence[tuple[Op, float]]


class Between(NamedTuple):
    """What an op is said to cost, and how far off such sayings are (root mean square, as a share)."""

    cost_ms: float
    relative_error: float


@dataclass(frozen=True)
class Model:
    """What a unit of each kind of work costs, in milliseconds, and how many channels the runtime takes at once."""

    prices: Floats
    block: int

    def cost_ms(self, op: Op) -> float:
        return float(work(in_blocks(op, self.block)) @ self.prices)

    @classmethod
    def fit(cls, measured: Measured) -> Model:
        """The best over `BLOCKS`, by the squares of the relative errors; on ties the smallest block."""
        fits = [(block, *_prices(measured, block)) for block in BLOCKS]
        block, prices, _ = min(fits, key=lambda fit: fit[2] * (1 + _TINY * fit[0]))
        return cls(prices, block)


@dataclass(frozen=True)
class Kin:
    """Measured ops that differ in widths and size alone: where they are, and how much dearer than modelled.

    `places` is (ops, axes), of which the last one is the size; `excess` is (ops,).
    """

    model: Model
    places: Floats
    excess: Floats

    @classmethod
    def of(cls, model: Model, measured: Measured) -> Kin:
        excess = np.array([cost / model.cost_ms(op) for op, cost in measured])
        return cls(model, np.stack([place(op) for op, _ in measured]), excess)

    def excess_at(self, place: Floats, without: Bools | None = None) -> float:
        """That of the nearest measured ops, weighted by their nearness; some may be left out."""
        distances = np.square(self.places - place).sum(1)
        if without is not None:
            distances[without] = np.inf
        near = distances.argsort(kind="stable")[:NEAREST]
        near = near[np.isfinite(distances[near])]
        weights = 1 / (distances[near] + _TINY)
        return float(np.exp(weights @ np.log(self.excess[near]) / weights.sum()))

    def has_size(self, place: Floats) -> bool:
        return bool((self.places[:, -1] == place[-1]).any())

    def errors(self, *, same_size: bool) -> Iterable[float]:
        """Relative errors of measured ops, each left out in turn; all of its size with it, unless `same_size`."""
        for i, place in enumerate(self.places):
            left_out = np.arange(len(self.places)) == i if same_size else self.places[:, -1] == place[-1]
            if not left_out.all():
                yield self.excess_at(place, left_out) / self.excess[i] - 1


@dataclass(frozen=True)
class Interpolation:
    """What a table's entries (key to ms) say of ops that are not among them."""

    costs: Mapping[str, float]
    _known: dict[str, Between | None] = field(default_factory=dict)  # by key, what was asked for before

    def of(self, op: Op) -> Between | None:
        """An estimate, or None where no op of its kin was measured."""
        if op.key not in self._known:
            self._known[op.key] = self._found(op)
        return self._known[op.key]

    def _found(self, op: Op) -> Between | None:
        kin, where = self._kins.get(op.kin), place(op)
        if kin is None:
            return None
        error = self._relative_error(op.kind, same_size=kin.has_size(where))
        return Between(kin.model.cost_ms(op) * kin.excess_at(where), error)

    def _relative_error(self, kind: str, *, same_size: bool) -> float:
        """Of estimates of this kind of op, at a size at which its kin was measured, or at another one."""
        known = self._errors.get((kind, same_size))
        if known is None:
            kins = [kin for name, kin in self._kins.items() if name.partition("(")[0] == kind]
            errors = [error for kin in kins for error in kin.errors(same_size=same_size)]
            known = float(np.sqrt(np.mean(np.square(errors)))) if errors else UNKNOWN
            self._errors[kind, same_size] = known
        return known

    @cached_property
    def _errors(self) -> dict[tuple[str, bool], float]:
        return {}

    @cached_property
    def _kins(self) -> dict[str, Kin]:
        kinds: dict[str, list[tuple[Op, float]]] = defaultdict(list)
        members: dict[str, list[tuple[Op, float]]] = defaultdict(list)
        for key, cost in self.costs.items():
            if (op := op_from_key(key)) is not None:
                kinds[op.kind].append((op, cost))
                members[op.kin].append((op, cost))
        of_kinds = {kind: Model.fit(measured) for kind, measured in kinds.items()}
        return {
            kin: Kin.of(Model.fit(found) if len(found) >= ENOUGH else of_kinds[found[0][0].kind], found)
            for kin, found in members.items()
        }


def work(op: Op) -> Floats:
    """What an op does, in units that cost about the same wherever: being called, MACs, weights and values to read."""
    values = prod(op.in_shape) + prod(op.out_shape)
    if isinstance(op, MBConv):
        values += op.expanded_channels * (prod(op.in_shape[1:]) + prod(op.out_shape[1:]))
    return np.array([1.0, op.macs / 1e6, op.params / 1e6, values / 1e6])


def place(op: Op) -> Floats:
    """Logarithms of the channels that come in, that go out, of those in between, and of the positions of the map.

    A side that is twice as long is as far as channels that are four times as many.
    """
    between = (op.expanded_channels,) if isinstance(op, MBConv) else ()
    found: Floats = np.array([*map(log, (op.in_shape[0], op.out_shape[0], *between)), log(prod(op.in_shape[1:]))])
    return found


def in_blocks(op: Op, block: int) -> Op:
    """The op with its channels rounded up to whole blocks, as the runtime computes them."""

    def up(channels: int) -> int:
        return -(-channels // block) * block

    if block == 1 or not isinstance(op, Conv | MBConv | Classifier):
        return op
    fed = (up(op.in_shape[0]), *op.in_shape[1:])
    if isinstance(op, Classifier):
        return replace(op, in_shape=fed, hidden=up(op.hidden))
    if isinstance(op, Conv):
        return replace(op, in_shape=fed, out_channels=up(op.out_channels))
    expanded = up(op.expanded_channels) if op.expands else fed[0]
    return replace(op, in_shape=fed, out_channels=up(op.out_channels), expanded_channels=expanded)


def _prices(measured: Measured, block: int) -> tuple[Floats, float]:
    """Least squares of the relative errors, no price below zero; and the mean square that is left."""
    features = np.stack([work(in_blocks(op, block)) / cost for op, cost in measured])
    prices, used = np.zeros(features.shape[1]), np.arange(features.shape[1])
    while True:
        found, *_ = np.linalg.lstsq(features[:, used], np.ones(len(features)), rcond=None)
        if (found > 0).all():
            break
        used = np.delete(used, found.argmin())
    prices[used] = found
    return prices, float(np.mean(np.square(features @ prices - 1)))
