"""The picture of a network, with buttons that save it and the numbers of its ops."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from nas_service.api.views import ArchitectureView

from ..csv_text import file_name
from ..saving import SAVE_DRAWING, save_button, save_numbers, save_row
from . import bars, drawing
from .drawing import Rows

OF_SERVICE: Final = """
.picture { max-width: 100%; }
.of-service { max-width: 100%; overflow: auto; }
.of-service img { max-width: none; background: white; }
.body--dark .of-service { filter: invert(1) hue-rotate(180deg); mix-blend-mode: screen; }
@media (max-width: 820px) { .of-service img { zoom: .8; } }
"""  # in the dark, what is black on white becomes white on what lies behind it, and hues stay
STYLE: Final = drawing.STYLE + OF_SERVICE


def picture(candidate_id: str, architecture: ArchitectureView, rows: Rows | None = None) -> ui.column:
    """`rows` are where its ops stand, if not one below the other; a weight agnostic network knows none."""
    name = f"architecture of {candidate_id}"
    with ui.column().classes("picture").style("gap:0;min-width:0") as part:
        if is_weight_agnostic(architecture):
            _of_the_service(candidate_id)
        else:
            ui.html(drawing.drawing(architecture, rows), sanitize=False).classes("w-full")
        with save_row():
            for kind in ("SVG", "PNG"):
                shown = f"getHtmlElement({part.id}).querySelector('svg, img')"
                script = f"() => ({SAVE_DRAWING})({shown}, '{file_name(name, kind.lower())}')"
                save_button(name, kind).on("click", js_handler=script)
            save_button(name, "CSV").on("click", lambda: save_numbers(name, bars.rows(architecture.ops)))
    return part


def is_weight_agnostic(architecture: ArchitectureView) -> bool:
    """Whether it is one op, of which the service has a picture of its own."""
    return architecture.ops[0].kind == "shared_weight_network"


def _of_the_service(candidate_id: str) -> None:
    """The service's picture of the network, as an image: nothing in it can act on the page."""
    address = f"/api/v1/candidates/{candidate_id}/picture.svg"
    with ui.element("div").props('tabindex="0" role="region" aria-label="network"').classes("of-service"):
        ui.element("img").props(f'src="{address}" alt="candidate {candidate_id}"')
