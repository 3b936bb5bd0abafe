"""Which trials of a round share a request: as many as the task takes, but so that every worker has some.

What a worker does first for a request (compile, read, allocate) is paid once for all of its trials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil

from nas_service.store import NewTrial

REQUESTS_PER_SLOT = 3  # so that a slot that is done early takes over from one that is not


def grouped(new: Sequence[NewTrial], batch: int, slots: int) -> list[NewTrial]:
    """The same trials in requests of at most `batch`, about equally many in each of `slots` that run at once.

    A request has the id that its first trial came with.
    """
    if batch == 1 or not new:
        return list(new)
    requests = max(ceil(len(new) / batch), min(len(new), REQUESTS_PER_SLOT * max(1, slots)))
    starts = [len(new) * i // requests for i in range(requests + 1)]
    return [
        replace(trial, request_id=new[first].request_id) for first, end in pairwise(starts) for trial in new[first:end]
    ]
