"""NiceGUI's chart, which begins to draw when it is in sight or the browser has time, see `plot.js`."""

from __future__ import annotations

import inspect
from pathlib import Path

from nicegui import ui

_WHOLE = Path(inspect.getfile(ui.echart)).with_suffix(".js")


class Plot(ui.echart, component="plot.js", dependencies=[_WHOLE]):
    """Of charts far down a page the viewer waits for none: what is seen is drawn first."""
