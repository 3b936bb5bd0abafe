"""Where trials run and what they wait for, as far as the dispatcher of this process has sent them out."""

from __future__ import annotations

from collections.abc import Sequence

from nas_service.store import Trial
from nas_service.store.trials import OPEN
from workers.dispatchers import Dispatcher

from .views import TrialView


def placed(dispatcher: Dispatcher, trials: Sequence[Trial], views: Sequence[TrialView]) -> list[TrialView]:
    """The views of these trials, those that are open with their worker or with what they wait for."""
    sent = {trial.request_id for trial in trials if trial.state in OPEN}  # several trials may go in one request
    where = {request: _where(dispatcher, request) for request in sent}
    return [
        view.model_copy(update=where[trial.request_id]) if trial.state in OPEN else view
        for trial, view in zip(trials, views, strict=True)
    ]


def _where(dispatcher: Dispatcher, request_id: str) -> dict[str, str | None]:
    waits = dispatcher.waiting_reason(request_id) or ""
    return {"waits": waits, "worker": None if waits else dispatcher.place(request_id)}
