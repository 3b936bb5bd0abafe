"""Seconds as people read and write them."""

from __future__ import annotations

import re

_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_WRITTEN = re.compile(r"([1-9]\d{0,4})([mhdw])")


def spoken(seconds: float) -> str:
    """In the largest unit of which there are at least two: 0.25 s, 96 s, 14 min, 3.1 h, 12 d."""
    if seconds < 120:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, hours, days = seconds / 60, seconds / 3600, seconds / 86400
    if minutes < 120:
        return f"{minutes:.0f} min"
    if hours < 48:
        return f"{hours:.1f} h"
    return f"{days:.1f} d" if days < 10 else f"{days:,.0f} d"


def seconds_of(text: str) -> float:
    """30m, 12h, 90d or 4w in seconds. Raises ValueError."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no time; expected a whole number and m, h, d or w, such as 90d")
    return float(found[1]) * _SECONDS[found[2]]
