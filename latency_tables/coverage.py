"""Which ops a search space can meet at all, and which of them matter most."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from numpy.random import Generator

from search_spaces import BoundSpace, Op

from .work import rough_ms

FEWEST_OPS = 12  # that are worth being measured together
QUIET = 2_000
MOST_SAMPLES = 20_000


@dataclass(frozen=True)
class Coverage:
    """Ops, those first that make the most of what samples take: by how often they were met, and what they may cost.

    Unless `exhausted`, samples still brought new ops when the search for them was stopped.
    """

    ops: tuple[Op, ...]
    samples: int
    exhausted: bool


def cover(space: BoundSpace, rng: Generator, *, quiet: int = QUIET, most: int = MOST_SAMPLES) -> Coverage:
    """Sample until `quiet` architectures in a row brought no new op, or `most` were looked at."""
    met: Counter[Op] = Counter()
    samples = since_new = 0
    while since_new < quiet and samples < most:
        before = len(met)
        met.update(space.architecture(space.sample(rng)).ops)
        samples += 1
        since_new = since_new + 1 if len(met) == before else 0
    order = sorted(met, key=lambda op: (-met[op] * rough_ms(op), op.key))
    return Coverage(tuple(order), samples, since_new >= quiet)
