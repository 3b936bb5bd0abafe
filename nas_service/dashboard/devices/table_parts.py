"""What a latency table holds, as parts of its page: agreement with measurements, kinds, dearest and doubtful ops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nicegui import ui

from nas_service.api.table_views import ComparedView, EntryView, KindView, TableSummary

from ..chart import Chart
from ..columns import number, text, word
from ..facts import facts
from ..theme import sheet
from . import agreement
from .entry_words import cost, digits, maps, spelled, spread

DOUBTFUL = 10  # rows of a page of the table


def draw_summary(summary: TableSummary, known: Iterable[tuple[str, str]]) -> None:
    """`known` are facts of the device and its runtime, name and value."""
    _draw_agreement(summary.calibration, summary.finalists)
    with ui.element("div").classes("columns"):
        _draw_dearest(summary.dearest)
        with ui.column().style("gap:16px"):
            _draw_kinds(summary.kinds)
            with sheet("Facts"):
                facts(known)
    if summary.flagged:
        _draw_doubtful(summary.flagged)


def _draw_agreement(calibration: ComparedView, finalists: ComparedView) -> None:
    with sheet("Whole networks: estimated against measured"):
        if not (calibration.networks or finalists.networks):
            ui.label(
                "No whole network was measured on this device: estimates are sums of ops, and their error is as stated."
            ).classes("muted text-sm")
            return
        with ui.element("div").classes("split"):
            networks = calibration.networks, finalists.networks
            Chart("estimated against measured latency").show(
                agreement.options(*networks), lambda: agreement.rows(*networks)
            )
            with ui.column().style("gap:20px"):
                _draw_errors(
                    "calibration networks",
                    calibration,
                    "The table is calibrated on them, so unseen ones are a little further off.",
                    "The costs of its ops were not compared with whole networks.",
                )
                _draw_errors(
                    "finalists of jobs",
                    finalists,
                    "Networks that jobs chose by their estimates, at the device's speed of that day.",
                    "With measure: {finalists: 5} in its spec, a job has its best networks measured here.",
                )
                ui.label("The band is ±5 % around what was measured.").classes("muted text-xs")


def _draw_errors(caption: str, compared: ComparedView, told: str, absent: str) -> None:
    """`told` is what to know of them, `absent` what to know where there are none."""
    with ui.column().classes("w-full").style("gap:4px"):
        ui.label(f"{len(compared.networks) or 'no'} {caption}").classes("font-medium")
        ui.label(told if compared.errors else absent).classes("muted text-xs")
        if compared.errors is not None:
            facts(agreement.figures(compared.errors))


def _draw_dearest(dearest: Sequence[EntryView]) -> None:
    with sheet("Dearest ops").style("gap:0"):
        for entry in dearest:
            name, told = spelled(entry.op)
            with ui.column().classes("w-full op").style("gap:2px"):
                with ui.row().classes("w-full no-wrap").style("gap:12px"):
                    ui.label(name).classes("text")
                    ui.space()
                    ui.label(cost(entry)).style("white-space:nowrap")
                share = entry.latency_ms / dearest[0].latency_ms
                ui.linear_progress(share, show_value=False, size="4px").props("rounded color=primary")
                ui.label(told).classes("muted text-xs text")


def _draw_kinds(kinds: Sequence[KindView]) -> None:
    columns = [
        text("kind", "op"),
        number("ops", "measured"),
        number("flagged", "doubtful"),
        number("maps", "maps"),
    ]
    rows = [
        {
            "kind": kind.kind,
            "ops": f"{kind.ops:,}",
            "flagged": f"{kind.flagged:,}" if kind.flagged else "–",
            "maps": maps(kind.smallest, kind.largest),
        }
        for kind in kinds
    ]
    with sheet("What was measured"):
        ui.table(rows=rows, columns=columns, row_key="kind").classes("w-full").props("flat dense")


def _draw_doubtful(flagged: Sequence[EntryView]) -> None:
    columns = [
        text("op", "op"),
        word("flag", "flag"),
        number("cost", "ms"),
        number("spread", "spread"),
        number("runs", "runs", wide=True),
    ]
    rows = [
        {
            "key": entry.op,
            "op": " · ".join(filter(None, spelled(entry.op))),
            "flag": entry.flag,
            "cost": digits(entry.latency_ms),
            "spread": spread(entry),
            "runs": f"{entry.runs:,}",
        }
        for entry in flagged
    ]
    with sheet("Doubtful ops"):
        ui.label(
            "Noisy: its measurements still differ too much after it was measured again. Implausible: it costs clearly "
            "more than a larger one, or less than a smaller one. Measuring again on a quiet device helps."
        ).classes("muted text-sm")
        table = ui.table(rows=rows, columns=columns, row_key="key", pagination=DOUBTFUL)
        table.classes("w-full").props("flat dense wrap-cells" + (" hide-pagination" if len(rows) <= DOUBTFUL else ""))
