"""What goes over the wire between the coordinator and its workers: requests one way, reports the other.

A request holds one or more trials that are evaluated together; `attempt` is the fencing number of its lease, and every
report carries it back, so that what a worker says after it lost the lease can be told from what counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

Kind = Literal["evaluate", "export"]
State = Literal["progress", "completed", "failed"]
Cause = Literal["nan", "out_of_memory", "disk_full", "timeout", "crash", "cancelled", "error"]


@dataclass(frozen=True)
class Fidelity:
    """How much a trial spends: epochs, the share of the training data, the scale of the training input.

    With a `schedule` the trial is the beginning of a training of so many epochs, and leaves a checkpoint from which
    another trial can go on; None: it is a whole training.
    """

    epochs: int
    data_fraction: float = 1.0
    input_scale: float = 1.0
    schedule: int | None = None

    def as_json(self) -> dict[str, float]:
        """For rows and keys; without a schedule where there is none, as before schedules were known."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class TrialRequest:
    """One evaluation of one architecture (JSON). `initial_weights` is an artifact's name, or None to start afresh.

    `checkpoint` names the artifact with which the beginning of this very training ended. It saves the epochs up to
    there and changes nothing else: without it, or where it is gone, they are trained again to the same end.
    """

    trial_id: str
    architecture: dict[str, Any]
    fidelity: Fidelity
    seed: int
    initial_weights: str | None = None
    checkpoint: str | None = None


@dataclass(frozen=True)
class Resources:
    """What one request occupies while it runs. `gpus` may be a fraction."""

    cpus: float = 1
    gpus: float = 0

    def room_for(self, one: Resources) -> int | None:
        """How many of `one` fit in here at the same time; None where one takes nothing."""
        shares = [(self.cpus, one.cpus), (self.gpus, one.gpus)]
        return min((int(there / need) for there, need in shares if need), default=None)


@dataclass(frozen=True)
class EvaluationRequest:
    """Work for one worker under one lease.

    `task` is the job's task as written (`name` and its options); `artifacts` the URL under which weights and exports
    are kept; `options` what this kind of request needs besides (see `workers.export` for those of an export).
    """

    request_id: str
    attempt: int
    kind: Kind
    task: dict[str, Any]
    trials: tuple[TrialRequest, ...]
    artifacts: str
    resources: Resources = Resources()
    timeout_s: float | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """What a worker says of one trial.

    `progress` reports come as often as there is news (an epoch ended, the last one too); exactly one of `completed` and
    `failed` ends a trial. A failed trial names its cause and says in `message` what happened and what would help.
    `artifacts` maps a role (`weights`, `model.onnx`, `model_card.md`) to an artifact's name; `details` is JSON that a
    reader may want to see.
    """

    request_id: str
    attempt: int
    trial_id: str
    state: State
    epoch: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    artifacts: dict[str, str] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    cause: Cause | None = None
    message: str = ""


ShouldStop = Callable[[], bool]


class Runner(Protocol):
    """A generator over reports, the same in-process and as a Ray streaming generator.

    It asks `should_stop` at least once a batch and returns at once when told so; what it had not reported is then
    reported by the dispatcher as `cancelled`. It may raise: the dispatcher turns that into `failed` reports of the
    open trials.
    """

    def __call__(self, request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]: ...
