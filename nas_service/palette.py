"""The colours of pages, by name, in a light and a dark set; text and marks stand out in both as WCAG 2 asks (AA)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

LIGHT: Final = {
    "ink": "#1f2933",
    "muted": "#5f6c7a",
    "line": "#e4e7eb",
    "paper": "#f7f9fa",
    "sheet": "#ffffff",
    "accent": "#0b7285",
    "behind": "#8795a3",
    "danger": "#c92a2a",
    "warning": "#8f5a0a",
    "success": "#2b7a3c",
    "cold": "#eef4f6",  # the low end of what becomes the accent
    "plain": "#5b86b0",
    "gate": "#8472b0",
    "series-1": "#0072b2",  # these four: doi 10.1038/nmeth.1618, told apart by all eyes
    "series-2": "#d55e00",
    "series-3": "#009e73",
    "series-4": "#cc79a7",
    "series-5": "#882255",  # these two: Paul Tol's muted ones, for the few charts that need more
    "series-6": "#332288",
}
DARK: Final = {
    "ink": "#e3e8ed",
    "muted": "#9caab8",
    "line": "#303c48",
    "paper": "#12181e",
    "sheet": "#1a222a",
    "accent": "#4cb8cc",
    "behind": "#6f7f90",
    "danger": "#ff8a8a",
    "warning": "#e3ab4f",
    "success": "#69c680",
    "cold": "#1f2b35",
    "plain": "#6f9fcb",
    "gate": "#a596d6",
    "series-1": "#4aa8e8",
    "series-2": "#f0823a",
    "series-3": "#2fbf93",
    "series-4": "#e09cc4",
    "series-5": "#f0e06a",
    "series-6": "#b3a4ff",
}
# Hues that are the same in both themes, and what is legible on them.
OTHER_SERIES: Final = ("#e69f00", "#56b4e9", "#f0e442")  # with the series, for areas that hold more
RAMP: Final = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")  # viridis: rising numbers, for all eyes
BLACK, WHITE = "#101418", "#fdfdfd"

TEXT: Final = ("ink", "muted", "accent", "danger", "warning", "success")
MARKS: Final = ("behind", "plain", "gate", *(f"series-{number}" for number in range(1, 7)))  # of charts and pictures

_NAMES = {color: name for name, color in LIGHT.items()}
_KNOWN = re.compile("|".join(LIGHT.values()), re.IGNORECASE)


def variables(palette: Mapping[str, str]) -> str:
    """As custom properties of CSS."""
    return " ".join(f"--{name}: {color};" for name, color in palette.items())


def themed(css: str) -> str:
    """CSS whose colours follow the viewer's theme; it is written with those of the light one."""
    return _KNOWN.sub(lambda found: f"var(--{_NAMES[found[0].lower()]})", css)


def dressed(options: Any, *, dark: bool) -> Any:
    """A chart's options, written with light colours, for a theme; scripts in them too. Tuples, points, have none."""
    if not dark:
        return options
    if isinstance(options, str):
        return _KNOWN.sub(lambda found: DARK[_NAMES[found[0].lower()]], options)
    if isinstance(options, Mapping):
        return {name: dressed(value, dark=dark) for name, value in options.items()}
    if isinstance(options, list):
        return [dressed(value, dark=dark) for value in options]
    return options
