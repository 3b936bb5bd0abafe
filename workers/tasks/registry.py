"""Which tasks there are: ours, then those that installed packages offer as `nas.tasks`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import ValidationError

from search_spaces.plugins import Plugins, load_plugins
from search_spaces.space import Kind

from .base import Task, TaskError
from .bipedal_walker import BipedalWalker
from .cartpole_swingup import CartPoleSwingUp
from .digits import Digits
from .digits_vector import DigitsVector
from .image_folder import ImageFolder
from .landscape import Landscape
from .mnist16 import Mnist16
from .moving_digits import MovingDigits
from .npz import Npz
from .npz_clips import NpzClips
from .tabular import Tabular
from .video_folder import VideoFolder

TASKS: dict[str, type[Task]] = {
    "bipedal-walker": BipedalWalker,
    "cartpole-swingup": CartPoleSwingUp,
    "digits": Digits,
    "digits-vector": DigitsVector,
    "imagefolder": ImageFolder,
    "landscape": Landscape,
    "mnist16": Mnist16,
    "moving-digits": MovingDigits,
    "npz": Npz,
    "npz-clips": NpzClips,
    "tabular": Tabular,
    "videofolder": VideoFolder,
}


@cache
def task_classes() -> dict[str, type[Task]]:
    """Every known task by name; ours win over a plug-in of the same name."""
    return task_plugins().classes | TASKS


@cache
def task_plugins() -> Plugins:
    """What installed packages offer, what cannot be used included."""
    return load_plugins("nas.tasks", Task, TASKS)


def variant(name: str, kinds: Sequence[Kind]) -> str:
    """The task that poses the problem of task `name` to networks of one of these `kinds`; itself where none does."""
    variants = task_classes()[name].variants if name in task_classes() else {}
    return next((variants[kind] for kind in kinds if kind in variants), name)


def get_task(name: str, **options: Any) -> Task:
    """The task of this name with these options. Raises TaskError that names the field for either."""
    known = task_classes()
    if name not in known:
        raise TaskError(
            f"there is no task {name!r}; there are: {', '.join(sorted(known))}{task_plugins().why_not(name)}",
            "task.name",
        )
    try:
        task = known[name](**options)
    except ValidationError as error:
        raise _option_error(known[name], error) from None
    offered = [metric.name for metric in task.metrics]
    if task.options.metric not in offered:
        raise TaskError(f"task {name!r} reports {', '.join(offered)}, not {task.options.metric!r}", "task.metric")
    return task


def task_of(spec: Mapping[str, Any]) -> Task:
    """The task as a job's spec writes it: `name` with the options beside it."""
    return get_task(**spec)


def _option_error(task: type[Task], error: ValidationError) -> TaskError:
    first = error.errors()[0]
    where = ".".join(map(str, ("task", *first["loc"])))
    offered = f"; options: {', '.join(task.Options.model_fields)}" if first["type"] == "extra_forbidden" else ""
    return TaskError(f"{first['msg']}{offered}", where)
