"""Seconds as people read and write them."""

from __future__ import annotations

import re

_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_WRITTEN = re.compile(r"([1-9]\d{0,4})([mhdw])")


def spoken(seconds: float) -> str:
    """In the largest unit of which there are at least two: 0.25 s, 96 s, 14 min, 3.1 h."""
    if seconds < 120:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def seconds_of(text: str) -> float:
    """30m, 12h, 90d or 4w in seconds. Raises ValueError."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no time; expected a whole number and m, h, d or w, such as 90d")
    return float(found[1]) * _SECONDS[found[2]]
