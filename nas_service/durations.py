"""Seconds as people read them."""

from __future__ import annotations


def spoken(seconds: float) -> str:
    """In the largest unit of which there are at least two: 0.25 s, 96 s, 14 min, 3.1 h."""
    if seconds < 120:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
