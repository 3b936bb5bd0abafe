"""A chart of a page: drawn anew when it has changed, and saved as a picture or as the numbers in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

from nicegui import ui
from nicegui.events import EChartPointClickEventArguments, Handler

from .csv_text import csv_text, file_name

PICTURE: Final = """() => {
    const element = getElement(%d), behind = element.$el.closest('.sheet') || document.body;
    const link = document.createElement('a');
    const backgroundColor = getComputedStyle(behind).backgroundColor;
    link.href = element.chart.getDataURL({type: 'png', pixelRatio: 2, backgroundColor});
    link.download = '%s';
    link.click();
}"""


class Chart:
    """`name` says what the chart shows, to who cannot see it, and names its files."""

    def __init__(
        self,
        name: str,
        *,
        height: str = "420px",
        on_point_click: Handler[EChartPointClickEventArguments] | None = None,
    ) -> None:
        self.name = name
        self._options: dict[str, Any] | None = None
        self._rows: Sequence[Mapping[str, Any]] = ()
        with ui.column().classes("charted") as self._box:
            self.plot = ui.echart({}, on_point_click=on_point_click).style(f"height:{height}")
            self.plot.props["role"] = "img"
            self.plot.props["aria-label"] = name
            with ui.row().classes("saves"):
                self._button("PNG").on("click", js_handler=PICTURE % (self.plot.id, file_name(name, "png")))
                self._csv = self._button("CSV").on("click", self._save)
                self._csv.set_visibility(False)

    def show(self, options: dict[str, Any], rows: Sequence[Mapping[str, Any]] = ()) -> None:
        """Draw `options` where they are others than before; `rows` are the numbers in them, for a file."""
        self._rows = rows
        self._csv.set_visibility(bool(rows))
        if options != self._options:
            self._options = options
            self._draw()

    def set_visibility(self, visible: bool) -> None:
        self._box.set_visibility(visible)

    def classes(self, add: str) -> Self:
        """Of the box around chart and buttons."""
        self._box.classes(add)
        return self

    def _draw(self) -> None:
        self.plot.options.clear()
        self.plot.options.update(self._options or {})
        self.plot.update()

    def _save(self) -> None:
        ui.download.content(csv_text(self._rows), file_name(self.name, "csv"), "text/csv")

    def _button(self, kind: str) -> ui.button:
        button = ui.button(kind, color=None).props("flat dense no-caps size=sm").classes("muted")
        button.props["aria-label"] = f"{self.name} as {kind}"
        return button
