"""The page at `/jobs/new`: a job spec as a form and as YAML, what it would be like, and its submission."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from nicegui import ui

from nas_service.access import Caller, Scope
from nas_service.client import ApiError, AsyncClient

from ..commands import command
from ..theme import frame
from .forecast import command_in
from .forecast_panel import ForecastPanel
from .offer import Offer
from .spec_form import SpecForm
from .spec_text import read, rewritten, write

PAUSE_S: Final = 0.4  # of typing, before the service is asked
NOT_MEASURED: Final = (
    "No device has been measured yet, so there are no milliseconds to limit. Save this spec on the device as SPEC.yaml "
    "and run the command below, or limit multiply-adds (MACs), which need no device."
)
ONCE_IT_FITS: Final = "There is a preview once the spec fits."
READ_ONLY: Final = (
    "This key may only read. To submit, and to preview, log in with a key of scope submit, which an admin makes with:"
)


class NewJobPage:
    """One viewer's page. The spec is what the form and the text both show; whichever is edited changes the other."""

    def __init__(self, client: AsyncClient, viewer: Caller) -> None:
        self._client = client
        self._viewer = viewer
        self._spec: dict[str, Any] = {}
        self._key = uuid4().hex  # of a submission; a new one for each spec, so that a double click makes one job
        self._edits = 0  # so far; an answer to an older spec is not shown
        self._may_submit = viewer.scope.covers(Scope.SUBMIT)

    async def build(self, clone: str | None = None) -> None:
        """Begin with the spec of a job, or with a small search."""
        with frame("New job", self._viewer):
            ui.label("New job").classes("text-xl")
            try:
                offer = await Offer.of(self._client)
            except ApiError as error:
                ui.label(f"What the service offers cannot be read: {error}").classes("danger")
                return
            self._spec, trouble = await self._start(offer, clone)
            if trouble:
                ui.label(trouble).classes("danger")
            if not any(not device.problem for device in offer.devices):
                _advise(NOT_MEASURED, "nas device profile local --for SPEC.yaml")
            with ui.element("div").classes("beside"):
                with ui.column().style("gap:16px;min-width:0"):
                    self._form = SpecForm(offer, self._spec, self._edited)
                with ui.column().classes("follows").style("gap:16px;min-width:0") as self._answers:
                    self._forecast = ForecastPanel()
                    self._submission()
                    self._writing()
        self._timer = ui.timer(PAUSE_S, self._look_ahead, once=True)

    async def _start(self, offer: Offer, clone: str | None) -> tuple[dict[str, Any], str]:
        """The first spec, and what went wrong where it is not the one that was asked for."""
        if clone is None:
            return offer.first_spec(), ""
        try:
            return offer.shortened((await self._client.job(clone)).spec), ""
        except ApiError as error:
            return offer.first_spec(), f"That job cannot be cloned: {error.detail}"

    def _submission(self) -> None:
        with self._forecast.head:
            self._button = ui.button("Submit", on_click=self._submit).props("no-caps unelevated color=primary")
        if not self._may_submit:
            self._button.disable()
            _advise(READ_ONLY, "nas key create --owner NAME --scope submit")

    def _writing(self) -> None:
        with ui.column().classes("sheet").style("gap:10px"):
            self._refusal = ui.column().classes("w-full refusal").props('role="alert"')
            self._text = ui.textarea("YAML", value=write(self._spec), on_change=self._typed)
            self._text.props('outlined autogrow stack-label debounce=300 spellcheck="false"').classes("w-full yaml")
            self._text.without_auto_validation().props("hide-bottom-space color=primary")

    # Form and text, in step.

    def _edited(self, spec: dict[str, Any]) -> None:
        """The form was edited."""
        text = rewritten(self._text.value or "", spec)
        self._changed(spec)
        self._text.value = text

    def _typed(self) -> None:
        """The text was edited, or follows the form: then it says what the spec says already."""
        spec = self._written()
        if spec is None:
            self._edits += 1
            self._timer.cancel()
            self._forecast.say(ONCE_IT_FITS)
            return
        if spec != self._spec:
            self._changed(spec)
            self._form.show(spec)
        elif self._text.error is not None:
            self._changed(spec)

    def _written(self) -> dict[str, Any] | None:
        """The spec that the text holds. Where it holds none, the page says why."""
        try:
            return read(self._text.value or "")
        except ValueError as error:
            self._refuse(ApiError(422, "The spec cannot be read", str(error)))
            return None

    def _changed(self, spec: dict[str, Any]) -> None:
        """Ask the service what it says of the new spec, once nothing is typed for a moment."""
        self._spec = spec
        self._key = uuid4().hex
        self._edits += 1
        self._timer.cancel()
        with self._answers:
            self._timer = ui.timer(PAUSE_S, self._look_ahead, once=True)

    # The service's word on it.

    async def _look_ahead(self) -> None:
        if not self._may_submit:
            self._forecast.say("A preview needs a key of scope submit.")
            return
        asked, edits = self._spec, self._edits
        self._forecast.wait()
        try:
            found = await self._client.preview(asked)
        except ApiError as error:
            if edits == self._edits:
                self._refuse(error)
                self._forecast.say(ONCE_IT_FITS)
        else:
            if edits == self._edits:
                self._refuse(None)
                self._forecast.show(found, asked)

    def _refuse(self, error: ApiError | None) -> None:
        """Show a refusal at its field, above the text and with the command that helps; or take it away."""
        self._form.complain(error)
        self._text.error = None if error is None else ""
        self._refusal.clear()
        if error is not None:
            with self._refusal:
                _advise(str(error), command_in(error.detail), classes="danger")

    async def _submit(self) -> None:
        spec = self._written()
        if spec is None:
            return
        self._button.props("loading")
        try:
            job = await self._client.submit(spec, self._key)
        except ApiError as error:
            self._refuse(error)
        else:
            ui.navigate.to(f"/jobs/{job.id}")
        finally:
            self._button.props(remove="loading")


def _advise(message: str, helps: str, *, classes: str = "muted") -> None:
    """What is in the way, and the command that helps, to be copied."""
    ui.label(message).classes(f"{classes} text-sm").style("overflow-wrap:anywhere")
    if helps:
        command(helps)
