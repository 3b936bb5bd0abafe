"""Several networks beside each other, op by op: which row each op stands in, and where it differs from the first.

Corresponding ops have one row. What the others have more than the first stands in rows in between, and a row in which
the first has an op and another network none is one that it misses.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from nas_service.api.views import OpView

from ..candidate.drawing import Rows
from .differences import Pair, paired


def aligned(networks: Sequence[Sequence[OpView]]) -> list[Rows]:
    """The rows of each network, at least one of them, in their order."""
    first, *others = networks
    found = [paired(first, other) for other in others]
    wanted = [_added(pairs, len(first)) for pairs in found]
    gaps = [max(counts) for counts in zip(*wanted, strict=True)] if wanted else [0] * (len(first) + 1)
    begins = [place + before for place, before in enumerate(accumulate(gaps, initial=0))][: len(gaps)]
    rows = [begin + gap for begin, gap in zip(begins, gaps, strict=True)][: len(first)]  # of the first one's ops
    count = len(first) + sum(gaps)
    return [Rows(rows, count), *(_beside(pairs, rows, begins, count) for pairs in found)]


def _added(pairs: Sequence[Pair], first: int) -> list[int]:
    """How many ops stand before each one of the first network, and behind the last, without being one of its."""
    counts, at = [0] * (first + 1), 0
    for pair in pairs:
        if pair.left is None:
            counts[at] += 1
        else:
            at += 1
    return counts


def _beside(pairs: Sequence[Pair], rows: Sequence[int], begins: Sequence[int], count: int) -> Rows:
    """`rows` are those of the first network's ops, `begins` where what is added before each of them begins."""
    of: list[int] = []
    differing: dict[int, tuple[str, ...]] = {}
    missing: list[int] = []
    at = added = 0
    for pair in pairs:
        if pair.right is not None:
            if pair.differences:
                differing[len(of)] = pair.differences
            of.append(begins[at] + added if pair.left is None else rows[at])
        else:
            missing.append(rows[at])
        if pair.left is None:
            added += 1
        else:
            at, added = at + 1, 0
    return Rows(of, count, differing, missing)
