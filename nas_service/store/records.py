"""What the store gives out and takes in: frozen records in place of database rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from device_agent.setting import Setting, Threads
from nas_service.strategies.base import Status
from workers.requests import Fidelity


@dataclass(frozen=True)
class Job:
    """A search and where it stands. `reason` says why it waits or why it ended.

    `owner` is that of the key which submitted it, or empty. `holder` is the coordinator that runs it until
    `lease_until`, under the fencing number `fence`.
    """

    id: str
    number: int
    name: str
    owner: str
    state: str
    reason: str
    spec: dict[str, Any]
    fingerprints: dict[str, Any]
    created_at: float
    started_at: float | None
    ended_at: float | None
    active_since: float | None
    active_seconds: float
    proposals: int
    trials: int
    completed: int
    failed: int
    infeasible: int
    reused: int
    saved_seconds: float
    fruitless: int
    best_reward: float | None
    incumbent: str | None
    holder: str | None
    lease_until: float | None
    fence: int

    @property
    def trials_budget(self) -> int:
        """Read here and not from a prepared search, for a job may be extended while it runs."""
        trials: int = self.spec["budget"]["trials"]
        return trials

    @property
    def priority(self) -> int:
        """Among the jobs of its owner; specs that were stored before there were priorities have none."""
        priority: int = self.spec.get("priority", 0)
        return priority

    @property
    def hours_budget(self) -> float | None:
        hours: float | None = self.spec["budget"]["hours"]
        return hours


@dataclass(frozen=True)
class Candidate:
    """An architecture in a job, unique there by its hash. `value` and `cost` are its place against the front.

    `full` says that its result is of the task's full fidelity: only such a one counts for the front and the incumbent.
    `reused_from` is the trial of another job that had the result; None where it was trained here, or has none.
    """

    id: str
    job_id: str
    number: int
    hash: str
    genotype: dict[str, Any]
    parents: list[str]
    state: str
    reason: str
    feasible: bool
    params: int
    macs: int
    latency_ms: float | None
    latency_error_ms: float | None
    metrics: dict[str, float]
    full: bool
    value: float | None
    cost: float | None
    reward: float | None
    reused_from: str | None


@dataclass(frozen=True)
class Trial:
    """One evaluation of one candidate."""

    id: str
    job_id: str
    number: int
    candidate_id: str
    request_id: str
    key: str | None
    fidelity: dict[str, Any]
    full: bool
    seed: int
    initial_weights: str | None
    checkpoint: str | None
    state: str
    metrics: dict[str, float]
    artifacts: dict[str, str]
    cause: str | None
    message: str
    created_at: float
    started_at: float | None
    ended_at: float | None


@dataclass(frozen=True)
class Export:
    """A winner on its way to an ONNX file. `artifacts` is filled only after every check has passed.

    `int8` asks for a quantised file too, `normalise` for files that take pixels as they are.
    """

    id: str
    job_id: str
    candidate_id: str
    request_id: str
    state: str
    epochs: int
    int8: bool
    normalise: bool
    progress: dict[str, float]
    metrics: dict[str, float]
    artifacts: dict[str, str]
    details: dict[str, Any]
    message: str
    created_at: float
    ended_at: float | None


@dataclass(frozen=True)
class Event:
    """Something that happened in a job. `seq` has no gaps, so a reader can resume after any event."""

    job_id: str
    seq: int
    at: float
    type: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Key:
    """What is kept of an API key: all but the key. `scope` is the name of an `access.Scope`."""

    id: str
    hash: str = field(repr=False)
    owner: str
    scope: str
    created_at: float
    expires_at: float | None
    used_at: float | None = None
    revoked_at: float | None = None

    def holds(self, at: float) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


@dataclass(frozen=True)
class Campaign:
    """Subjects that an agent is to measure on a device, which make its latency table or add to it.

    With a `job_id` they are the finalists of that job, which end in a `verdict` on the table.

    `protocol` is that of its visits, of which `made` of about `total` are there. What it plans is read apart.
    `machine` is what the first agent said of its device; `agent` holds it under `attempt` until `lease_until`.
    """

    id: str
    device: str
    threads: Threads
    precision: str
    provider: str
    owner: str
    state: str
    message: str
    protocol: dict[str, Any]
    fresh: bool
    job_id: str | None
    total: int
    made: int
    machine: dict[str, Any] | None
    agent: str | None
    attempt: int
    lease_until: float | None
    created_at: float
    ended_at: float | None
    verdict: dict[str, Any] | None = None

    @property
    def setting(self) -> Setting:
        return Setting(self.threads, self.precision, self.provider)


@dataclass(frozen=True)
class NewProposal:
    """A numbered proposal, described, screened and looked up; `status` is set where no trial has to be awaited.

    `genotype` is None where it is the candidate's. `spent` says that it took a trial of the budget, `control` that the
    job's random control made it.
    """

    number: int
    candidate_id: str
    trial_id: str | None
    parents: tuple[int, ...]
    token: Any
    status: Status | None = None
    reward: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    genotype: dict[str, Any] | None = None
    spent: bool = False
    control: bool = False


@dataclass(frozen=True)
class NewCandidate:
    """An architecture that the job had not seen; `reason` says which limit it breaks, or is empty."""

    id: str
    number: int
    hash: str
    genotype: dict[str, Any]
    parents: tuple[str, ...]
    reason: str
    costs: dict[str, float]


@dataclass(frozen=True)
class Known:
    """A candidate that an architecture has already; `reason` says why it is not trained again, or is empty."""

    id: str
    reason: str
    genotype: dict[str, Any]


@dataclass(frozen=True)
class Start:
    """The artifacts that a trial begins with, where it does not begin afresh.

    `heir` says that it was to begin with the weights of another; with a checkpoint it did, though they may be gone.
    """

    weights: str | None = None
    checkpoint: str | None = None
    heir: bool = False

    @property
    def inherits(self) -> bool:
        """Whether the result depends on inherited weights: then it is nobody else's result."""
        return self.heir and bool(self.weights or self.checkpoint)


@dataclass(frozen=True)
class NewTrial:
    """A trial that has to run, in a request that it may share with others."""

    id: str
    number: int
    candidate_id: str
    request_id: str
    key: str | None
    fidelity: Fidelity
    full: bool
    seed: int
    start: Start = Start()


@dataclass(frozen=True)
class Lease:
    """The right of `holder` to run requests, until a time in seconds since the epoch."""

    holder: str
    until: float


@dataclass(frozen=True)
class Claim:
    """A request that this process now holds under a lease, with its fencing number."""

    request_id: str
    job_id: str
    kind: str
    attempt: int


@dataclass(frozen=True)
class Quota:
    """What the jobs of an owner may have at the same time, all together; None: no limit."""

    owner: str
    jobs: int | None = None
    trials: int | None = None
