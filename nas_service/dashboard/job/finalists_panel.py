"""The finalists of a job on its page: what its best networks really take on its device, beside what was estimated."""

from __future__ import annotations

from nicegui import ui

from nas_service.api.device_views import BesideView, FinalistsView
from nas_service.api.views import JobView
from nas_service.client import AsyncClient

from ..theme import address, figure, milliseconds, pill, sheet

SETTLED = ("none", "completed", "failed", "cancelled")


class FinalistsPanel:
    """Hidden for a job that measures none. `refresh` asks until they are measured, and draws what changed."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._shown: FinalistsView | None = None

    def build(self) -> None:
        with sheet("Finalists") as self._sheet:
            self._body = ui.column().classes("w-full").style("gap:12px")
        self._sheet.set_visibility(False)

    @property
    def under_way(self) -> bool:
        """Whether they wait to be measured, or are."""
        return self._shown is not None and not settled(self._shown)

    async def refresh(self, job: JobView) -> None:
        if job.spec.get("measure") is None or (self._shown is not None and settled(self._shown)):
            return
        found = await self._client.finalists(job.id)
        if found != self._shown:
            self._shown = found
            self._draw(job, found)

    def _draw(self, job: JobView, found: FinalistsView) -> None:
        self._sheet.set_visibility(True)
        self._body.clear()
        with self._body:
            with ui.row().classes("items-center").style("gap:4px 12px"):
                pill(found.state)
                ui.label(in_words(found, job.device)).classes("text-sm").style("min-width:0;overflow-wrap:anywhere")
            if found.mape is None or found.bias is None or found.slowdown is None:
                return
            with ui.row().style("gap:20px 36px"):
                figure("estimates, mean error", f"{found.mape:.1%}", f"bias {found.bias:+.1%}")
                figure("inside their intervals", f"{found.inside} of {len(found.networks)}", "90 % are expected")
                figure("rank correlation", "–" if found.tau is None else f"{found.tau:.2f}", "Kendall's tau")
                figure("the device takes", f"{found.slowdown:.2f} times", "as long as for its table")
            for one in found.networks:
                _row(job.id, one)


def in_words(found: FinalistsView, device: str | None) -> str:
    """What they wait for, what measures them, or what follows."""
    return found.message or f"measured on {device}"


def _row(job_id: str, one: BesideView) -> None:
    with ui.row().classes("w-full items-baseline job").style("gap:4px 20px;padding:4px 0"):
        ui.link(f"candidate {one.number}", address(job_id, one.candidate_id)).style("flex:0 0 110px")
        ui.label(f"estimated {milliseconds(one.estimated_ms, one.error_ms)} ms").style("flex:1 1 180px")
        ui.label(f"measured {milliseconds(one.measured_ms, one.spread_ms)} ms").style("flex:1 1 180px")
        ui.label("" if one.inside else "outside its interval").classes("danger text-sm").style("flex:1 1 140px")


def settled(found: FinalistsView) -> bool:
    """Whether they are measured, or will not be."""
    return found.state in SETTLED
