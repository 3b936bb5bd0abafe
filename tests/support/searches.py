"""Whole searches without a server: small specs, and a laboratory that steps a coordinator by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from nas_service.admission import admit
from nas_service.coordinator import Coordinator
from nas_service.store import Job, Store, jobs
from nas_service.strategies import Outcome, RandomSearch
from workers.dispatchers import Dispatcher, InlineDispatcher
from workers.requests import EvaluationRequest, Report

SPACE = {
    "name": "mobilenetv3",
    "options": {
        "resolution": [16, 24],
        "backbone": [{"width": 8, "stride": 2}, {"width": 16, "depth": 2, "stride": 2}],
    },
}
# a handful of networks, so that a search meets them again
TINY = {
    "name": "mobilenetv3",
    "options": {
        **SPACE["options"],
        "resolution": [16],
        "ops": ["mbconv"],
        "width_factors": [1.0],
        "depth_offsets": [0],
        "se": [False],
        "skip": ["none"],
        "activation": ["relu"],
        "kernel": [3, 5],
        "expansion": [3],
    },
}
TABLES = Path("/nowhere")  # no search here has a device
STEPS = 20_000


def spec(trials: int = 20, **parts: Any) -> dict[str, Any]:
    """An instant search: landscape, MACs as the cost, no device; half of its trials, but at most 8, are random."""
    population = max(2, min(8, trials // 2))
    return {
        "space": SPACE,
        "task": {"name": "landscape"},
        "objective": {"cost": "macs", "target": 500_000.0},
        "strategy": {"name": "evolution", "population": population, "sample": min(3, population)},
        "budget": {"trials": trials},
        "workers": {"parallel": 1},
    } | parts


def submit(store: Store, wanted: Mapping[str, Any], job_id: str = "j", at: float = 0.0, owner: str = "") -> Job:
    search = admit(wanted, TABLES)
    with store.write() as conn:
        return jobs.submit(
            conn,
            job_id=job_id,
            name=job_id,
            spec=search.filled_in,
            fingerprints=search.fingerprints,
            spec_hash=job_id,
            idempotency_key=None,
            at=at,
            owner=owner,
        )


class Checked(RandomSearch):
    """Random search that counts what it is told."""

    name = "checked"
    told: ClassVar[list[Outcome]] = []

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        Checked.told += outcomes


@dataclass
class Clock:
    """Seconds that only a test moves."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


class Silence(InlineDispatcher):
    """Workers that say only what a test lets them say."""

    def __init__(self) -> None:
        super().__init__(slots=0)
        self.submitted: list[EvaluationRequest] = []
        self.said: list[Report] = []

    def submit(self, request: EvaluationRequest) -> None:
        self.submitted.append(request)

    def poll(self, timeout_s: float = 0) -> list[Report]:  # noqa: ARG002
        said, self.said = self.said, []
        return said

    def say(self, request: EvaluationRequest, accuracy: float, trials: slice = slice(None)) -> None:
        """An epoch and the end of these trials of a request."""
        self.said += [
            Report(request.request_id, request.attempt, trial.trial_id, state, 1, {"val_accuracy": accuracy})
            for trial in request.trials[trials]
            for state in ("progress", "completed")
        ]


@dataclass
class Lab:
    """A coordinator whose steps a test takes, one by one."""

    store: Store
    dispatcher: Dispatcher = field(default_factory=InlineDispatcher)
    clock: Clock = field(default_factory=Clock)
    lease_s: float = 60

    def __post_init__(self) -> None:
        self.coordinator = self.hire()

    def hire(self) -> Coordinator:
        """A new coordinator, as after a crash of the one before: nothing of its memory is left, nor its place."""
        self.store.presence.leave()
        self.coordinator = Coordinator(self.store, self.dispatcher, TABLES, "memory://", self.clock, self.lease_s)
        return self.coordinator

    def submit(self, wanted: Mapping[str, Any], job_id: str = "j", owner: str = "") -> Job:
        return submit(self.store, wanted, job_id, self.clock.now, owner)

    def job(self, job_id: str = "j") -> Job:
        with self.store.read() as conn:
            return jobs.get(conn, job_id)

    def step(self) -> bool:
        busy = self.coordinator.step()
        if not busy:
            self.coordinator.wait(0.01)
        return busy

    def until(self, condition: Callable[[Job], bool], job_id: str = "j") -> Job:
        """Step until the job meets a condition."""
        for _ in range(STEPS):
            if condition(job := self.job(job_id)):
                return job
            self.step()
        raise TimeoutError(f"after {STEPS} steps: {self.job(job_id)}")

    def finish(self, job_id: str = "j") -> Job:
        """Step until the job is over."""
        return self.until(lambda job: job.state in jobs.FINAL, job_id)

    def run(self, wanted: Mapping[str, Any], job_id: str = "j") -> Job:
        self.submit(wanted, job_id)
        return self.finish(job_id)
