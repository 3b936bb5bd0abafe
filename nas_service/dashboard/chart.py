"""A chart of a page: drawn anew when it has changed, and saved as a picture or as the numbers in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Self, TypeAlias

from nicegui import ui
from nicegui.events import EChartPointClickEventArguments, Handler

from nas_service.palette import dressed

from . import shade
from .csv_text import file_name
from .plot import Plot
from .saving import save_button, save_numbers, save_row
from .theme import INK, LINE, SHEET

Rows: TypeAlias = Callable[[], Sequence[Mapping[str, Any]]]
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
        self._rows: Rows = tuple
        self._shade = shade.of_page()
        self._shade.join(self)
        with ui.column().classes("charted") as self._box:
            self.plot = Plot({}, on_point_click=on_point_click).style(f"height:{height}")
            self.plot.props["role"] = "img"
            self.plot.props["aria-label"] = name
            self._csv = self._build_buttons()

    def show(self, options: dict[str, Any], rows: Rows) -> None:
        """Draw `options` where they are others than before; `rows` makes the numbers in them, for who wants a file."""
        self._rows = rows
        if options is self._options or options == self._options:
            return
        self._keep(options)
        self.redraw()

    def change(self, options: dict[str, Any], rows: Rows, script: str) -> None:
        """The same, where `script` makes of the plot what these options say; it is as of now for a new browser too."""
        self._rows = rows
        self._keep(options)
        with self.plot.props.suspend_updates():
            self.plot.props["options"] = self._shown()
        ui.run_javascript(script)

    def style(self, height: str) -> None:
        self.plot.style(f"height:{height}")

    def set_visibility(self, visible: bool) -> None:
        self._box.set_visibility(visible)

    def classes(self, add: str) -> Self:
        """Of the box around chart and buttons."""
        self._box.classes(add)
        return self

    @property
    def options(self) -> dict[str, Any] | None:
        """What is drawn, in the colours of the light theme."""
        return self._options

    def redraw(self) -> None:
        """In the colours of the theme as it now is."""
        if self._options is not None and not self.plot.is_deleted:
            self.plot.props["options"] = self._shown()

    def dressed(self, options: dict[str, Any]) -> dict[str, Any]:
        """Parts of the options in the colours of the theme, for who changes the plot by a script."""
        shown: dict[str, Any] = dressed(options, dark=self._shade.dark)
        return shown

    def _build_buttons(self) -> ui.button:
        """That for the numbers, which is hidden while there are none."""
        with save_row():
            picture = PICTURE % (self.plot.id, file_name(self.name, "png"))
            save_button(self.name, "PNG").on("click", js_handler=picture)
            numbers = save_button(self.name, "CSV").on("click", lambda: save_numbers(self.name, self._rows()))
        numbers.set_visibility(False)
        return numbers

    def _keep(self, options: dict[str, Any]) -> None:
        self._options = options
        self._csv.set_visibility(any(one["data"] for one in options["series"]))

    def _shown(self) -> dict[str, Any]:
        return self.dressed(_readable(_sealed(self._options or {})))


def _readable(options: dict[str, Any]) -> dict[str, Any]:
    """What ECharts tells at the pointer stands on the colour of a sheet."""
    if "tooltip" not in options:
        return options
    colors = {"backgroundColor": SHEET, "borderColor": LINE, "textStyle": {"color": INK}}
    return options | {"tooltip": colors | options["tooltip"]}


def _sealed(options: dict[str, Any]) -> dict[str, Any]:
    """Points of numbers and names as tuples, which are sent as they are: lists are gone through one by one, twice."""
    return options | {"series": [one | {"data": _points(one["data"])} for one in options["series"]]}


def _points(data: Sequence[Any]) -> Sequence[Any]:
    return data if data and isinstance(data[0], dict) else tuple(data)
