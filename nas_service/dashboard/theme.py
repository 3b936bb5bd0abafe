"""Colours, words and small parts that every page shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from nicegui import ui

from nas_service.access import Caller
from nas_service.palette import LIGHT, themed

from . import base, pressing, shade, when

INK: Final = LIGHT["ink"]
MUTED: Final = LIGHT["muted"]
LINE: Final = LIGHT["line"]
PAPER: Final = LIGHT["paper"]
SHEET: Final = LIGHT["sheet"]
ACCENT: Final = LIGHT["accent"]
BEHIND: Final = LIGHT["behind"]  # of what is drawn behind the accent
DANGER: Final = LIGHT["danger"]
WARNING: Final = LIGHT["warning"]
SUCCESS: Final = LIGHT["success"]

STATE_COLORS: Final = {
    "queued": MUTED,
    "running": ACCENT,
    "paused": WARNING,
    "finished": SUCCESS,
    "exhausted": WARNING,
    "cancelled": MUTED,
    "failed": DANGER,
    "completed": SUCCESS,
    "infeasible": WARNING,
    "proposed": MUTED,
    "waiting": MUTED,
    "measuring": ACCENT,
}

SERIES: Final = tuple(LIGHT[f"series-{number}"] for number in range(1, 5))
MORE_SERIES: Final = (*SERIES, LIGHT["series-5"], LIGHT["series-6"])
HEAT: Final = (LIGHT["cold"], ACCENT)  # from 0 to 1

_STYLE = f"""
body {{ background: {PAPER}; color: {INK}; font-feature-settings: "tnum"; }}
.nicegui-content {{ padding: 0; }}
.page {{ width: 100%; max-width: 1180px; margin: 0 auto; padding: 20px 24px 48px; gap: 16px; }}
.head {{ background: {SHEET}; border-bottom: 1px solid {LINE}; padding: 10px 24px; }}
.sheet {{ background: {SHEET}; border: 1px solid {LINE}; border-radius: 8px; padding: 16px 20px; width: 100%; }}
.pill {{ border-radius: 999px; padding: 1px 10px; font-size: 12px; color: {SHEET}; }}
.muted {{ color: {MUTED}; }}
.danger {{ color: {DANGER}; }}
.warning {{ color: {WARNING}; }}
.text {{ min-width: 0; overflow-wrap: anywhere; }}
.job, .node {{ padding: 12px 0; gap: 8px 20px; }}
.job + .job, .node + .node {{ border-top: 1px solid {LINE}; }}
.figure {{ font-size: 22px; line-height: 1.2; }}
.q-table th, .q-table td {{ border-color: {LINE} !important; }}
.q-table th {{ color: {MUTED}; font-weight: 500; }}
.number {{ white-space: nowrap !important; }}
.sheet > .job:last-child {{ padding-bottom: 4px; }}
a {{ color: {ACCENT}; text-decoration: none; }}
.facts {{ display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 20px; width: 100%; margin: 0; }}
.facts dd {{ margin: 0; }}
.facts .text {{ user-select: all; }}
.columns {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); gap: 24px;
            width: 100%; }}
.split {{ display: grid; grid-template-columns: minmax(0, 1.7fr) minmax(0, 1fr); gap: 16px 28px; width: 100%; }}
.op {{ padding: 7px 0; }}
.columns > * {{ min-width: 0; }}
.command {{ background: {PAPER}; border: 1px solid {LINE}; border-radius: 6px; padding: 6px 6px 6px 12px; width: 100%;
            gap: 8px; flex-wrap: nowrap; align-items: flex-start; }}
.command-text {{ font-family: ui-monospace, monospace; font-size: 12.5px; line-height: 1.6; white-space: pre-wrap;
                 overflow-wrap: anywhere; flex: 1 1 0; min-width: 0; }}
.beside {{ display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 16px; width: 100%; }}
.follows {{ position: sticky; top: 16px; align-self: start; max-height: calc(100vh - 32px); overflow-y: auto; }}
.fields {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); gap: 14px 16px; width: 100%; }}
.pair {{ display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 12px; }}
.field {{ width: 100%; gap: 4px; }}
.refusal {{ gap: 6px; }}
.refusal:empty {{ display: none; }}
.choice {{ border: 1px solid {LINE}; border-radius: 999px; padding: 2px 12px; font-size: 13px; color: {MUTED}; }}
.choice[aria-pressed="true"] {{ border-color: {ACCENT}; color: {ACCENT}; font-weight: 500; }}
.choice:disabled {{ opacity: 0.5; }}
.bar {{ gap: 8px 12px; }}
.deep {{ width: 100%; max-height: 640px; overflow-y: auto; }}
.charted {{ width: 100%; gap: 0; min-width: 0; }}
.charted .nicegui-echart {{ width: 100%; }}
.saves {{ width: 100%; justify-content: flex-end; gap: 4px; }}
@layer theme {{  /* the first of NiceGUI's layers, whose important rules hold over Quasar's */
    :is(a, button, select, [tabindex]:not(.page)):focus-visible {{
        outline: 2px solid {ACCENT} !important; outline-offset: 2px; }}
}}
.page:focus {{ outline: none; }}
.yaml textarea {{ font-family: monospace; font-size: 13px; line-height: 1.5; white-space: pre; overflow-x: auto; }}
@media (max-width: 900px) {{
  .beside {{ grid-template-columns: minmax(0, 1fr); }}
  .follows {{ position: static; max-height: none; }}
}}
@media (max-width: 600px) {{
    .head {{ padding: 10px 12px; gap: 4px 12px; }}
    .page {{ padding: 16px 12px 32px; }}
    .sheet {{ padding: 12px 14px; }}
    .q-table--dense th, .q-table--dense td {{ padding-left: 5px !important; padding-right: 5px !important; }}
    .wide {{ display: none; }}
    .split {{ grid-template-columns: minmax(0, 1fr); }}
}}
"""


def frame(title: str, viewer: Caller) -> ui.column:
    """The page's head and body; add to what it returns. Who logged in is named and can log out."""
    ui.page_title(f"{title} · NAS service")
    shade.of_page().build()
    when.build()
    pressing.build()
    ui.add_css(base.STYLE)
    ui.add_css(themed(_STYLE))
    with ui.row().classes("w-full items-center head"):
        ui.link("NAS service", "/").style(themed(f"color:{INK};font-weight:600"))
        ui.space()
        ui.link("New job", "/jobs/new")
        ui.link("Devices", "/devices")
        ui.link("Cluster", "/cluster")
        ui.link("API", "/docs")
        shade.of_page().switch()
        if viewer.key:
            ui.label(viewer.owner).classes("muted")
            with ui.element("form").props('method="post" action="/logout"'), ui.element("button"):
                ui.label("log out")
    body = ui.column().classes("page")
    ui.skip_link(target=body)
    return body


def address(job_id: str, candidate_id: str) -> str:
    """The page of a candidate."""
    return f"/jobs/{job_id}/candidates/{candidate_id}"


def pill(state: str) -> ui.label:
    return ui.label(state).classes("pill").style(themed(f"background:{STATE_COLORS.get(state, MUTED)}"))


def sheet(caption: str) -> ui.column:
    """A part of a page with its name on top; add to what it returns."""
    with ui.column().classes("sheet").style("gap:12px") as part:
        ui.label(caption).classes("text-base font-medium")
    return part


def figure(caption: str, value: str | Callable[[], ui.element], note: str | Callable[[], ui.element] = "") -> None:
    """A number with its name above and, smaller, what qualifies it below; both as text, or as what draws it."""
    with ui.column().style("gap:2px;min-width:110px"):
        ui.label(caption).classes("muted text-xs")
        (ui.label(value) if isinstance(value, str) else value()).classes("figure")
        (ui.label(note).classes("muted") if isinstance(note, str) else note()).classes("text-xs")


class Figure:
    """The same on a page that is live: `show` changes what is different. The note may be a link, to a page."""

    def __init__(self, caption: str) -> None:
        with ui.column().style("gap:2px;min-width:110px"):
            ui.label(caption).classes("muted text-xs")
            self._value = ui.label().classes("figure")
            self._note = ui.label().classes("muted text-xs")
            self._link = ui.link().classes("text-xs")
        self._page = ""
        self._link.set_visibility(False)

    def show(self, value: str, note: str = "", page: str = "") -> None:
        self._value.text = value
        (self._link if page else self._note).text = note
        if page != self._page:
            self._page = self._link.props["href"] = page
            self._note.set_visibility(not page)
            self._link.set_visibility(bool(page))


def choice_button(text: str) -> ui.element:
    """A button that is pressed or not, as its `aria-pressed` says."""
    with ui.element("button").classes("choice").props('type="button"') as button:
        ui.label(text)
    return button


def share(value: float | None) -> str:
    """A metric between 0 and 1 in percent, any other with four digits."""
    if value is None:
        return "–"
    return f"{value:.2%}" if 0 <= value <= 1 else f"{value:.4g}"


def reward(value: float | None) -> str:
    """Those of a metric between 0 and 1 to four places, larger ones to four digits."""
    return "–" if value is None else f"{value:.4f}" if abs(value) < 10 else f"{value:.4g}"


def amount(name: str, value: float) -> str:
    """A limit or a cost with its unit: 0.3 ms, 5 M MACs."""
    if name == "latency_ms":
        return f"{value:.4g} ms"
    if name in ("macs", "params"):
        return f"{count(value)} {'MACs' if name == 'macs' else 'parameters'}"
    return f"{value:.4g} {name}"


def milliseconds(value: float | None, error: float | None = None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if error is None else f"{value:.3f} ± {error:.3f}"


def count(value: float | None) -> str:
    """Parameters and MACs: 1.23 M, 45.6 k."""
    if value is None:
        return "–"
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:g}"
