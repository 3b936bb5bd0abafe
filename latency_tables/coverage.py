"""Which ops a search space can meet at all."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.random import Generator

from search_spaces import BoundSpace, Op

QUIET = 2_000
MOST_SAMPLES = 20_000


@dataclass(frozen=True)
class Coverage:
    """Ops by key, in order. Unless `exhausted`, samples still brought new ops when the search for them was stopped."""

    ops: tuple[Op, ...]
    samples: int
    exhausted: bool


def cover(space: BoundSpace, rng: Generator, *, quiet: int = QUIET, most: int = MOST_SAMPLES) -> Coverage:
    """Sample until `quiet` architectures in a row brought no new op, or `most` were looked at."""
    found: dict[str, Op] = {}
    samples = since_new = 0
    while since_new < quiet and samples < most:
        before = len(found)
        found |= {op.key: op for op in space.architecture(space.sample(rng)).ops}
        samples += 1
        since_new = since_new + 1 if len(found) == before else 0
    return Coverage(tuple(found[key] for key in sorted(found)), samples, since_new >= quiet)
