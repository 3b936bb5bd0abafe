"""Where trials run and what they wait for, as far as the dispatcher of this process has sent them out."""

from __future__ import annotations

from collections.abc import Sequence

from nas_service.store import Trial
from nas_service.store.trials import OPEN
from workers.dispatchers import Dispatcher

from .views import TrialView


def placed(dispatcher: Dispatcher, trials: Sequence[Trial], views: Sequence[TrialView]) -> list[TrialView]:
    """The views of these trials, those that are open with their worker or with what they wait for."""
    return [_placed(dispatcher, trial, view) for trial, view in zip(trials, views, strict=True)]


def _placed(dispatcher: Dispatcher, trial: Trial, view: TrialView) -> TrialView:
    if trial.state not in OPEN:
        return view
    waits = dispatcher.waiting_reason(trial.request_id) or ""
    return view.model_copy(update={"waits": waits, "worker": None if waits else dispatcher.place(trial.request_id)})
