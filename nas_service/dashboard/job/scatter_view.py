"""How a viewer looks at the scatter of a job: zoom, selection and switches, as the address of the page has them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import Self

CLOSER = 0.5  # of the width and the height that are seen
NEARLY = 0.95  # of the whole is all of it
SWITCHES = ("contours", "errors")


@dataclass(frozen=True)
class Window:
    """A rectangle of the scatter: costs from `left` to `right`, values from `low` to `high`."""

    left: float
    right: float
    low: float
    high: float

    @classmethod
    def of(cls, text: str) -> Self | None:
        """None for what an address may have instead."""
        try:
            left, right, low, high = map(float, text.split(","))
        except ValueError:
            return None
        right_way = left <= right and low <= high
        return cls(left, right, low, high) if right_way and all(map(math.isfinite, (left, right, low, high))) else None

    @property
    def text(self) -> str:
        return ",".join(f"{end:.6g}" for end in self.ends)

    @property
    def ends(self) -> tuple[float, float, float, float]:
        return self.left, self.right, self.low, self.high

    def holds(self, cost: float, value: float) -> bool:
        return self.left <= cost <= self.right and self.low <= value <= self.high

    def scaled(self, by: float) -> Window:
        """Around the same centre."""
        across, up = (self.right - self.left) * (by - 1) / 2, (self.high - self.low) * (by - 1) / 2
        return Window(self.left - across, self.right + across, self.low - up, self.high + up)

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.low + self.high) / 2

    def moved(self, across: float, up: float) -> Window:
        return Window(self.left + across, self.right + across, self.low + up, self.high + up)

    def into(self, whole: Window) -> Window:
        """Moved so that it lies in a larger one."""
        across = max(whole.left - self.left, 0.0) + min(whole.right - self.right, 0.0)
        return self.moved(across, max(whole.low - self.low, 0.0) + min(whole.high - self.high, 0.0))

    def matches(self, whole: Window) -> bool:
        """Whether it is about as wide and as high, or more."""
        wide = self.right - self.left >= NEARLY * (whole.right - whole.left)
        return wide and self.high - self.low >= NEARLY * (whole.high - whole.low)


@dataclass(frozen=True)
class ScatterView:
    """None is no zoom and no selection."""

    zoom: Window | None = None
    selected: Window | None = None
    contours: bool = False
    errors: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        shown = query.get("show", "").split(",")
        zoom, selected = (Window.of(query.get(name, "")) for name in ("zoom", "select"))
        return cls(zoom, selected, **{name: name in shown for name in SWITCHES})

    def query(self) -> dict[str, str]:
        """What an address is to have; a name without a value is to be left out of it."""
        windows = {"zoom": self.zoom, "select": self.selected}
        shown = ",".join(name for name in SWITCHES if getattr(self, name))
        return {name: window.text if window else "" for name, window in windows.items()} | {"show": shown}

    def closer(self, whole: Window, points: Iterable[tuple[float, float]]) -> ScatterView:
        """To the middle of the points (cost, value) that are seen, or of the picture where there are none."""
        window = self.zoom or whole
        seen = [point for point in points if window.holds(*point)]
        cost, value = map(median, zip(*seen, strict=True)) if seen else window.middle
        closer = window.scaled(CLOSER).moved(cost - window.middle[0], value - window.middle[1])
        return replace(self, zoom=closer.into(window))

    def wider(self, whole: Window) -> ScatterView:
        """Back to the whole picture once all of it is seen."""
        zoom = None if self.zoom is None else self.zoom.scaled(1 / CLOSER)
        return replace(self, zoom=None if zoom is None or zoom.matches(whole) else zoom.into(whole))
