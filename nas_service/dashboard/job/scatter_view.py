"""How a viewer looks at the scatter of a job: zoom, selection and switches, as the address of the page has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import Self

from nas_service.window import Window

CLOSER = 0.5  # of the width and the height that are seen
SWITCHES = ("contours", "errors")


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
