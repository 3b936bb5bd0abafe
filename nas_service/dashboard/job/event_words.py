"""Events of a job in words, with their causes. Pure: plain text, to be shown as such."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from nas_service.api.views import EventView

from ..theme import reward
from .candidate_table import short

Data = Mapping[str, Any]

STATES: Final = {
    "running": "runs",
    "finished": "has finished",
    "cancelled": "was cancelled",
    "failed": "failed",
}


@dataclass(frozen=True)
class Told:
    """What happened, and why. `tone` is a class of text: danger, or empty. `log_of` is a trial whose log tells more."""

    text: str
    cause: str = ""
    tone: str = ""
    candidate: str = ""
    log_of: str = ""


def told(event: EventView) -> Told:
    """An event of a type that is not known here is shown as it is."""
    words = WORDS.get(event.type)
    return Told(f"{event.type}: {json.dumps(event.data, ensure_ascii=False)}") if words is None else words(event.data)


def _job(data: Data) -> Told:
    state = str(data.get("state", ""))
    told = f"The job {STATES.get(state, f'is {state}')}"
    return Told(told, str(data.get("reason", "")), "danger" if state == "failed" else "")


def _trial(data: Data) -> Told:
    trial, candidate = str(data["trial"]), str(data.get("candidate") or "")
    if data.get("state") == "failed":
        cause = f"{str(data.get('cause') or 'error').replace('_', ' ')}: {data.get('message') or 'it said nothing'}"
        return Told(f"Trial {short(trial)} failed", cause, "danger", candidate, trial)
    scored = "" if data.get("reward") is None else f", reward {reward(data['reward'])}"
    return Told(f"Trial {short(trial)} {data.get('state')}{scored}", candidate=candidate)


def _trials(data: Data) -> Told:
    best = data.get("best")
    return Told(
        f"{data['completed']:,} trials completed" + ("" if best is None else f", the best reward {reward(best)}")
    )


def _screened(data: Data) -> Told:
    """Proposals that took no trial."""
    parts = {"infeasible": "over a limit", "reused": "known already"}
    counted = ", ".join(f"{data[name]:,} {words}" for name, words in parts.items() if data.get(name))
    return Told(f"Proposals that need no training: {counted}")


def _epoch(data: Data) -> Told:
    return Told(f"Trial {short(str(data['trial']))}, epoch {data['epoch']}")


def _export(data: Data) -> Told:
    state = str(data.get("state", ""))
    failed = state == "failed"
    return Told(f"Export {data.get('export')} {state}", str(data.get("message") or ""), "danger" if failed else "")


def _finalists(data: Data) -> Told:
    problem, state = str(data.get("problem") or ""), str(data.get("state") or "")
    if state:
        return Told(f"Measuring the finalists {state}", problem, "danger" if state == "failed" else "")
    count = data.get("networks", 0)
    return Told(f"{count} finalists wait to be measured" if count else "No finalist will be measured", problem)


def _webhook(data: Data) -> Told:
    attempts, message = data.get("attempts", 0), str(data.get("message") or "")
    if data.get("delivered"):
        return Told("The webhook was told that the job has ended", message)
    return Told(f"The webhook could not be told, after {attempts} attempts", message, "danger")


def _extended(data: Data) -> Told:
    budget = data.get("budget") or {}
    hours = budget.get("hours")
    told = f"{budget.get('trials', 0):,} trials" + ("" if hours is None else f", {hours:g} hours")
    return Told(f"The budget is now {told}")


WORDS: Final[Mapping[str, Callable[[Data], Told]]] = {
    "job": _job,
    "trial": _trial,
    "trials": _trials,
    "screened": _screened,
    "epoch": _epoch,
    "export": _export,
    "finalists": _finalists,
    "webhook": _webhook,
    "extended": _extended,
    "priority": lambda data: Told(f"The priority is now {data.get('priority', 0):+d}"),
    "data": lambda data: Told("Whether all workers see the data is not known", str(data.get("message", ""))),
    "warm_start": lambda data: Told("It begins with networks of other jobs", str(data.get("message", ""))),
}
