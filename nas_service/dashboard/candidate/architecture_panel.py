"""The architecture of a candidate on its page: the picture, and beside it what each op costs."""

from __future__ import annotations

from typing import cast

from nicegui import ui

from nas_service.api.views import CandidateDetail, OpView
from nas_service.palette import themed

from ..chart import Chart
from ..job.toggle import Toggle
from ..theme import milliseconds, sheet
from . import bars
from .picture import STYLE as OF_PICTURES
from .picture import is_weight_agnostic, picture

STYLE = (
    OF_PICTURES
    + """
.drawn { width: 100%; gap: 8px 24px; align-items: flex-start; flex-wrap: wrap; max-height: 1600px; overflow: auto; }
.drawn > .picture { flex: 0 1 400px; min-width: 0; }
.drawn > .chart { flex: 1 1 320px; min-width: 0; width: auto; }
@media (max-width: 820px) {
    .drawn { max-height: none; }
    .drawn > .picture, .drawn > .chart { flex: 1 1 100%; }
}
"""
)


class ArchitecturePanel:
    """Drawn once, for a candidate's architecture never changes."""

    def __init__(self, candidate: CandidateDetail) -> None:
        self._candidate = candidate
        self._ops = candidate.architecture.ops

    def build(self) -> None:
        ui.add_css(themed(STYLE))
        with sheet("Architecture"):
            if is_weight_agnostic(self._candidate.architecture):
                self._picture()
                return
            with ui.row().classes("w-full items-center").style("gap:8px 20px"):
                self._cost = Toggle("cost", "cost of each op", self._costs(), self._show)
                ui.label(_told(self._candidate)).classes("muted text-sm").style("flex:1 1 260px;min-width:0")
            with ui.row().classes("drawn").props('tabindex="0" role="region" aria-label="ops and their costs"'):
                self._picture()
                self._chart = Chart(f"cost by op of {self._candidate.id}", height=f"{bars.height(self._ops)}px")
                self._chart.classes("chart")
            self._show()

    def _picture(self) -> None:
        picture(self._candidate.id, self._candidate.architecture)

    def _costs(self) -> dict[str, str]:
        """Milliseconds only where a table knows any of the ops."""
        timed = any(op.latency_ms is not None for op in self._ops)
        return {cost: label for cost, label in bars.LABELS.items() if timed or cost != "latency_ms"}

    def _show(self) -> None:
        cost = cast("bars.Cost", self._cost.value)
        self._chart.show(bars.options(self._ops, cost), lambda: bars.rows(self._ops))


def _told(candidate: CandidateDetail) -> str:
    """The sum of the ops beside the estimate, which a calibration on whole networks makes of it."""
    ops = candidate.architecture.ops
    if candidate.latency_ms is None or all(op.latency_ms is None for op in ops):
        return f"{len(ops)} ops; no latency table of a device speaks of them"
    total = sum(op.latency_ms for op in ops if op.latency_ms is not None)
    estimate = milliseconds(candidate.latency_ms, candidate.latency_error_ms)
    return f"{len(ops)} ops, together {total:.3f} ms; the network, as calibrated: {estimate} ms{_unmeasured(ops)}"


def _unmeasured(ops: list[OpView]) -> str:
    told, lacking = sum(bool(op.latency_error_ms) for op in ops), sum(op.latency_ms is None for op in ops)
    said = [f"{told} of the ops were not measured, but estimated from others of their kind"] if told else []
    said += [f"nothing is known of {lacking} of the ops, and the sum is without them"] if lacking else []
    return "".join(f"; {each}" for each in said)
