"""Costs of ops that nobody measured, read off measured ops of their kind.

A whole space has thousands of ops, and networks whose widths may be any have more, so NetAdapt's published code
interpolates its tables too (arXiv 1804.03230). Here a model of what work costs on the device says most of it (`work`),
and a Gaussian process by how much ops are dearer than modelled: those near in widths and size, the more alike in their
other properties (kernel, stride, gate, activation, skip) the more. Its variance is the error of what it says. Where an
op was measured, that stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from search_spaces import Op
from search_spaces.ops import op_from_key

from .work import Floats, coarse_work, place, work

BLOCKS = (1, 8, 16)  # channels that a runtime may compute at once
MANY = 4  # measured ops for each kind of work, for a model that counts the parts of a block apart
MOST = 1200  # measured ops that a process rests on; the model of work rests on all of them
LENGTHS = (0.5, 1.0, 2.0)  # distances over which excesses resemble each other, in logarithms of widths
LIKENESS = (0.3, 0.6, 0.9)  # of ops that differ in one property
NOISE = (0.05, 0.3, 1.0)  # of measurements, as a share of the variance of excesses
UNKNOWN = 1.0  # relative error, where too little was measured to tell
_TINY = 1e-9
_LARGEST = 1e12  # of any kind of work, in millions: more is a mistake
_NONSENSE = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)

Measured = Sequence[tuple[Op, float]]
Facet = tuple[str, Any, Any]  # kind of op, what of it, which


class Between(NamedTuple):
    """What an op is said to cost, and how far off such sayings are (standard deviation, as a share)."""

    cost_ms: float
    relative_error: float


@dataclass(frozen=True)
class Prices:
    """What a unit of each kind of work costs, in milliseconds, and how many channels the runtime takes at once."""

    of_each: Floats
    block: int
    fine: bool

    def cost_ms(self, op: Op) -> float:
        return float((work if self.fine else coarse_work)(op, self.block) @ self.of_each)

    @classmethod
    def fit(cls, measured: Measured) -> Prices:
        """The best over `BLOCKS`, by the squares of the relative errors; on ties the smallest block."""
        fine = len(measured) >= MANY * len(work(measured[0][0], 1))
        count = work if fine else coarse_work
        fits = []
        for block in BLOCKS:
            features = np.stack([count(op, block) / cost for op, cost in measured])
            prices = _not_negative(features)
            fits.append((block, prices, float(np.mean(np.square(features @ prices - 1)))))
        block, prices, _ = min(fits, key=lambda fit: fit[2] * (1 + _TINY * fit[0]))
        return cls(prices, block, fine)


@dataclass(frozen=True)
class Likeness:
    """How alike the excesses of two ops are: 1 for equal ones, less with every property and with the distance.

    `noise` is what measurements add to the variance of an excess, as a share of it.
    """

    length: float
    of_one_other: float
    noise: float

    def between(self, ops: Where, others: Where) -> Floats:
        """(ops, others)."""
        distances = np.square(ops.places[:, None] - others.places).sum(-1)
        differing = (ops.traits[:, None] != others.traits).sum(-1)
        found: Floats = np.exp(-distances / (2 * self.length**2)) * self.of_one_other**differing
        return found


class Where(NamedTuple):
    """Where ops are: widths and sizes, (ops, axes), and numbers for their other properties, (ops, properties)."""

    places: Floats
    traits: Floats


@dataclass(frozen=True)
class Kind:
    """Measured ops of one kind: prices of work, and a Gaussian process on the logarithm of what these miss."""

    prices: Prices
    likeness: Likeness
    where: Where
    weights: Floats
    inverse: Floats
    variance: float
    seen: tuple[dict[Any, int], ...]  # by property, the values that were measured, numbered
    facets: frozenset[Facet]  # of all that was measured

    @classmethod
    def fit(cls, measured: Measured) -> Kind:
        prices = Prices.fit(measured)
        kept = measured if len(measured) <= MOST else [measured[i * len(measured) // MOST] for i in range(MOST)]
        seen = tuple(
            {value: number for number, value in enumerate(dict.fromkeys(values))}
            for values in zip(*(traits(op) for op, _ in measured), strict=True)
        )
        where = located([op for op, _ in kept], seen)
        excess = np.array([np.log(cost / prices.cost_ms(op)) for op, cost in kept])
        likeness = _likeliest(where, excess)
        inverse, weights, left_out = _process(likeness, where, excess)
        spare = len(measured) - np.count_nonzero(prices.of_each)
        variance = _variance(inverse, left_out) * len(measured) / spare if spare > 2 else UNKNOWN**2
        known = frozenset[Facet]().union(*(facets(op) for op, _ in measured))
        return cls(prices, likeness, where, weights, inverse, max(variance, _TINY), seen, known)

    def of(self, op: Op) -> Between | None:
        """None where something of the op is of none that was measured."""
        if not facets(op) <= self.facets:
            return None
        alike = self.likeness.between(located([op], self.seen), self.where)[0]
        variance = self.variance * max(1 + self.likeness.noise - float(alike @ self.inverse @ alike), _TINY)
        return Between(self.prices.cost_ms(op) * float(np.exp(alike @ self.weights)), float(np.sqrt(variance)))


@dataclass(frozen=True)
class Interpolation:
    """What a table's entries (key to ms) say of ops, be they among them or not."""

    costs: Mapping[str, float]
    _known: dict[str, Between | None] = field(default_factory=dict)  # by key, what was asked for before

    def cost_ms(self, key: str) -> float:
        """What an op costs, as measured or as estimated. Raises LookupError with its key where neither is known."""
        if key in self.costs:
            return self.costs[key]
        op = op_from_key(key)
        if op is None or (found := self.of(op)) is None:
            raise LookupError(key)
        return found.cost_ms

    def of(self, op: Op) -> Between | None:
        """What was measured, or an estimate; None where nothing of the kind, or with one of the properties, was."""
        if op.key not in self._known:
            self._known[op.key] = self._found(op)
        return self._known[op.key]

    def _found(self, op: Op) -> Between | None:
        if op.key in self.costs:
            return Between(self.costs[op.key], 0.0)
        kind = self._kinds.get(op.kind)
        return kind.of(op) if kind and _varies(op) else None

    @cached_property
    def _kinds(self) -> dict[str, Kind]:
        kinds: dict[str, list[tuple[Op, float]]] = defaultdict(list)
        for key, cost in self.costs.items():
            if (op := op_from_key(key)) is not None and _varies(op):
                kinds[op.kind].append((op, cost))
        return {kind: Kind.fit(measured) for kind, measured in kinds.items()}


def flaw(key: str) -> str:
    """Why there is no op of which this could be the key, in words; empty for a key that is opaque.

    Whoever writes a table by hand may name an op that no network can have, such as a convolution with a stride of 0.
    """
    try:
        op = op_from_key(key)
        if op is None:
            return ""
        maps, said = (*op.in_shape, *op.out_shape), (*work(op, 1), *place(op), _varies(op))
    except _NONSENSE as error:
        return str(error) or type(error).__name__
    if any(side < 1 for side in maps) or not np.all(np.abs(said) < _LARGEST):
        return f"a map of {'x'.join(map(str, op.in_shape))} would become one of {'x'.join(map(str, op.out_shape))}"
    return ""


def facets(op: Op) -> frozenset[Facet]:
    """What has to be measured of some op of its kind before anything can be said of it.

    That is each of its properties, and each kind of work that it does: without a measurement that would cost nothing.
    An op that does not say which of its properties are widths is told by itself alone.
    """
    if not _varies(op):
        return frozenset({(op.kind, "key", op.key)})
    done = np.flatnonzero(work(op, 1)).tolist()
    properties = ((op.kind, place, value) for place, value in enumerate(traits(op)))
    return frozenset({*properties, *((op.kind, "work", column) for column in done)})


def traits(op: Op) -> tuple[Any, ...]:
    """What an op is besides its widths and its size."""
    kin = op_from_key(op.kin)
    return astuple(kin) if kin else (op.kin,)


def located(ops: Sequence[Op], seen: Sequence[Mapping[Any, int]]) -> Where:
    numbers = [[known[value] for value, known in zip(traits(op), seen, strict=True)] for op in ops]
    return Where(np.stack([place(op) for op in ops]), np.array(numbers))


def _varies(op: Op) -> bool:
    """Whether an op says which of its properties are widths and sizes."""
    return op.kin != op.key


def _not_negative(features: Floats) -> Floats:
    """Least squares against ones, (prices,), none below zero: what would be is left out, the lowest first."""
    prices, used = np.zeros(features.shape[1]), np.flatnonzero(features.any(axis=0))
    while True:
        found, *_ = np.linalg.lstsq(features[:, used], np.ones(len(features)), rcond=None)
        if (found >= 0).all():
            break
        used = np.delete(used, found.argmin())
    prices[used] = found
    return prices


def _likeliest(where: Where, excess: Floats) -> Likeness:
    """The one by which each op, left out, is told best by the others."""
    some = np.arange(len(excess))[:: -(-len(excess) // 400)]
    part = Where(where.places[some], where.traits[some])
    found = [Likeness(*each) for each in product(LENGTHS, LIKENESS, NOISE)]
    return min(found, key=lambda each: float(np.square(_process(each, part, excess[some])[2]).mean()))


def _process(likeness: Likeness, where: Where, excess: Floats) -> tuple[Floats, Floats, Floats]:
    """The inverse of the covariance, the weights of the measured ops, and what each misses when it is left out."""
    covariance = likeness.between(where, where) + likeness.noise * np.eye(len(excess))
    inverse = np.linalg.inv(covariance).astype(np.float64)
    weights: Floats = inverse @ excess
    return inverse, weights, np.divide(weights, np.diag(inverse))


def _variance(inverse: Floats, left_out: Floats) -> float:
    """By which what was missed, left out, is as large as the process says."""
    return float(np.mean(np.square(left_out) * np.diag(inverse)))
