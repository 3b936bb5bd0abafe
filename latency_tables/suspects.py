"""Costs that contradict each other: an op that is smaller than another in every width, and yet clearly dearer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from search_spaces.ops import op_from_key

from .table import Entry
from .work import place

CLEARLY = 1.2  # odd widths may cost more than the next round one, by this much
ERRORS = 2  # times the spread of both


def implausible(entries: Mapping[str, Entry]) -> set[str]:
    """The keys of both ops of every such pair, of ops that differ in widths alone."""
    families: dict[str, list[str]] = defaultdict(list)
    for key in entries:
        if op := op_from_key(key):
            families[op.family].append(key)
    return {key for keys in families.values() for pair in _contradictions(keys, entries) for key in pair}


def _contradictions(keys: list[str], entries: Mapping[str, Entry]) -> Iterator[tuple[str, str]]:
    places = np.stack([place(op) for op in map(op_from_key, keys) if op])
    costs = np.array([entries[key].latency_ms for key in keys])
    spreads = np.array([entries[key].spread_ms for key in keys])
    smaller = (places[:, None] <= places).all(2) & (places[:, None] < places).any(2)
    dearer = (costs[:, None] > CLEARLY * costs) & (costs[:, None] - costs > ERRORS * (spreads[:, None] + spreads))
    for small, large in zip(*np.nonzero(smaller & dearer), strict=True):
        yield keys[small], keys[large]
