"""The contract of a dispatcher: it sends requests out and brings reports back, and never blocks its caller."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ..requests import EvaluationRequest, Report, Resources


@dataclass(frozen=True)
class ClusterStatus:
    """What the workers have. `problem` says in a sentence why nothing can run, or is empty."""

    kind: str
    total: Resources
    free: Resources
    workers: int = 0
    versions: dict[str, str] = field(default_factory=dict)
    problem: str = ""


class Dispatcher(Protocol):
    """Runs requests somewhere.

    For every trial of a submitted request exactly one `completed` or `failed` report comes back through `poll`,
    whatever happens to the worker: an exception (`error`, `nan`, `out_of_memory`), its death (`crash`), its time-out
    (`timeout`) or `cancel` (`cancelled`). A dispatcher never retries; that is the coordinator's to decide. Requests
    beyond what the workers can hold wait inside, and `waiting_reason` says for what.
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

    def cluster(self) -> ClusterStatus: ...

    def close(self) -> None:
        """Stop everything that runs and give the workers back."""
        ...
