"""A part of the scatter of a job: what an address names, a request asks for and a page zooms to."""

from __future__ import annotations

import math
from typing import NamedTuple, Self

NEARLY = 0.95  # of the whole is all of it


class Window(NamedTuple):
    """A rectangle of the scatter: costs from `left` to `right`, values from `low` to `high`."""

    left: float
    right: float
    low: float
    high: float

    @classmethod
    def of(cls, text: str) -> Self | None:
        """That of `left,right,low,high`; None for what is not four numbers in order."""
        try:
            left, right, low, high = map(float, text.split(","))
        except ValueError:
            return None
        right_way = left <= right and low <= high
        return cls(left, right, low, high) if right_way and all(map(math.isfinite, (left, right, low, high))) else None

    @property
    def text(self) -> str:
        return ",".join(f"{end:.6g}" for end in self)

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
