"""A chart of a page: drawn anew when it has changed, and saved as a picture or as the numbers in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

from nicegui import ui
from nicegui.events import EChartPointClickEventArguments, Handler

from nas_service.palette import dressed

from . import shade
from .csv_text import file_name
from .plot import Plot
from .saving import save_button, save_numbers, save_row
from .theme import INK, LINE, SHEET

PICTURE: Final = """async () => {
    const element = getElement(%d), behind = element.$el.closest('.sheet') || document.body;
    const link = document.createElement('a');
    const backgroundColor = getComputedStyle(behind).backgroundColor;
    link.href = (await element.drawn()).getDataURL({type: 'png', pixelRatio: 2, backgroundColor});
    link.download = '%s';
    link.click();
}"""


class Chart:
    """`name` says what it shows, to who cannot see it, and names its files."""

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
        self._shade = shade.of_page()
        self._shade.join(self)
        with ui.column().classes("charted") as self._box:
            self.plot = Plot({}, on_point_click=on_point_click).style(f"height:{height}")
            self.plot.props["role"] = "img"
            self.plot.props["aria-label"] = name
            self._csv = self._build_buttons()

    def show(self, options: dict[str, Any], rows: Sequence[Mapping[str, Any]] = ()) -> None:
        """Draw `options` where they are others than before; `rows` are the numbers in them, for a file."""
        self._rows = rows
        self._offer()
        if options != self._options:
            self._options = options
            self.redraw()

    def keep(self, options: dict[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The options in the colours of the theme, for who draws them by changes alone; kept for files and themes."""
        self._options, self._rows = options, rows
        self._offer()
        return self.dressed(_readable(options))

    def style(self, height: str) -> None:
        self.plot.style(f"height:{height}")

    def set_visibility(self, visible: bool) -> None:
        self._box.set_visibility(visible)

    def classes(self, add: str) -> Self:
        """Of the box around chart and buttons."""
        self._box.classes(add)
        return self

    def redraw(self) -> None:
        """In the colours of the theme as it now is."""
        if self._options is not None and not self.plot.is_deleted:
            self.plot.options.clear()
            self.plot.options.update(self.dressed(_readable(self._options)))
            self.plot.update()

    def dressed(self, options: dict[str, Any]) -> dict[str, Any]:
        """Parts of the options in the colours of the theme, for who changes the plot by a script."""
        shown: dict[str, Any] = dressed(options, dark=self._shade.dark)
        return shown

    def _build_buttons(self) -> ui.button:
        """That for the numbers, which is hidden while there are none."""
        with save_row():
            picture = PICTURE % (self.plot.id, file_name(self.name, "png"))
            save_button(self.name, "PNG").on("click", js_handler=picture)
            numbers = save_button(self.name, "CSV").on("click", lambda: save_numbers(self.name, self._rows))
        numbers.set_visibility(False)
        return numbers

    def _offer(self) -> None:
        self._csv.set_visibility(bool(self._rows))


def _readable(options: dict[str, Any]) -> dict[str, Any]:
    """What ECharts tells at the pointer stands on the colour of a sheet."""
    if "tooltip" not in options:
        return options
    colors = {"backgroundColor": SHEET, "borderColor": LINE, "textStyle": {"color": INK}}
    return options | {"tooltip": colors | options["tooltip"]}
