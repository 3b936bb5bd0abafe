"""Whether the machines of the workers see the data that a task read here: asked before a job waits for them."""

from __future__ import annotations

from workers.dispatchers import Dispatcher
from workers.requests import Resources
from workers.tasks import Task

from .errors import InvalidSpec
from .spec import WorkersSpec

NAMED = 5  # machines in one message


def refuse_unseen(task: Task, workers: WorkersSpec, dispatcher: Dispatcher) -> str:
    """What there is to know of the data, such as machines of which it is not known whether they see it; or nothing.

    Raises InvalidSpec, which names every machine that lacks the data or has other data, and what helps.
    """
    if not task.reads_path:
        return ""
    found = dispatcher.check_data(task, Resources(workers.cpus, workers.gpus))
    if found.problems:
        raise InvalidSpec(
            f"not every machine that runs trials sees the data that the coordinator read: {_listed(found.problems)}. "
            "Mount the folder at the same path there, or copy the data to it and name the folder in NAS_DATA_ROOTS "
            "before `ray start`",
            "task.path",
        )
    if not found.unanswered:
        return task.note
    unknown = (
        f"not known yet whether every machine sees the data: {_listed(found.unanswered)}. Trials are held to the data "
        "wherever they run, and fail where it is missing or other data"
    )
    return f"{unknown}. {task.note}" if task.note else unknown


def _listed(sentences: tuple[str, ...]) -> str:
    more = len(sentences) - NAMED
    return "; ".join(sentences[:NAMED]) + (f"; and {more} more" if more > 0 else "")
