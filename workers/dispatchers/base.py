"""The contract of a dispatcher: it sends requests out and brings reports back, and never blocks its caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from ..requests import EvaluationRequest, Report, Resources
from ..tasks import Task

T = TypeVar("T")


class Unanswered(Exception):
    """No worker could do what it was asked. Says why."""


@dataclass(frozen=True)
class NodeStatus:
    """A machine of the cluster: what it has, what of that no worker holds that runs something, and its workers.

    `accelerator` is the kind of its GPUs as Ray names it, or empty.
    """

    name: str
    total: Resources
    free: Resources
    workers: int
    busy: int
    accelerator: str = ""


@dataclass(frozen=True)
class ClusterStatus:
    """What the workers have. `problem` says in a sentence why nothing can run, or is empty."""

    kind: str
    total: Resources
    free: Resources
    workers: int = 0
    versions: dict[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class DataCheck:
    """What the workers' machines say of a task's data, a sentence each, which begins with the machine's name.

    `problems` come from those that do not see the data; `unanswered` from those of which that is not known.
    """

    problems: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()


class Dispatcher(Protocol):
    """Runs requests somewhere.

    For every trial of a submitted request exactly one `completed` or `failed` report comes back through `poll`,
    whatever happens to the worker: an exception (`error`, `nan`, `out_of_memory`), its death (`crash`), its time-out
    (`timeout`) or `cancel` (`cancelled`). A dispatcher never retries; that is the coordinator's to decide. Requests
    beyond what the workers can hold wait inside, and `waiting_reason` says for what. It, `place`, `cluster` and `nodes`
    may be called from any thread, and tell what is known: they do not wait for a cluster that is slow, or gone.
    """

    def submit(self, request: EvaluationRequest) -> None: ...

    def poll(self, timeout_s: float = 0) -> list[Report]:
        """Reports that arrived since the last call; waits up to `timeout_s` for the first."""
        ...

    def cancel(self, request_id: str) -> None:
        """Stop a request soon. Unknown and finished requests are ignored."""
        ...

    def waiting_reason(self, request_id: str) -> str | None:
        """Why a submitted request does not run yet, in a sentence; None when it runs or is unknown."""
        ...

    def place(self, request_id: str) -> str | None:
        """The name of the machine that a submitted request runs on; None while it waits, or when it is unknown."""
        ...

    def cluster(self) -> ClusterStatus:
        """What there is in all; a coordinator asks at every step."""
        ...

    def nodes(self) -> tuple[NodeStatus, ...]:
        """The same by machine, for who looks."""
        ...

    def check_data(self, task: Task, resources: Resources) -> DataCheck:
        """Ask the machines that could run this task with these resources whether they see the data that it read here.

        For tasks with `reads_path`. Workers on this machine see what it sees and are not asked. Unlike the rest, this
        waits for the answers (some seconds at the most) and may be called from any thread.
        """
        ...

    def on_worker(self, function: Callable[[], T]) -> T:
        """What a small function gives on a worker, which has the libraries that a coordinator may lack.

        It runs beside the trials, waits for nobody's slot, and may run twice. Waits for the answer, from any thread.
        Raises Unanswered.
        """
        ...

    def close(self) -> None:
        """Stop everything that runs and give the workers back."""
        ...
