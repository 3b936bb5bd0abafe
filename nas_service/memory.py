"""Python's garbage collector, set for a process that runs for weeks with much code loaded."""

from __future__ import annotations

import gc

THRESHOLDS = (10_000, 20, 20)  # instead of 700, 10, 10: a step makes many objects, and hardly any rubbish in cycles


def settle() -> None:
    """Call once everything is loaded: what is there by now stays, so the collector never looks at it again.

    Without it a coordinator spends a tenth to a fifth of its time on looking through torch, Ray and itself.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
