"""Who gets which part of the workers: even shares between owners, and between the jobs of an owner by priority.

Dominant resource fairness (Ghodsi et al., NSDI 2011) by progressive filling: one place after another goes to the owner
whose largest share of any resource is the smallest, and there to a job of the highest priority, of several to the one
that has least. What one job does not want is left to the others, so nothing idles, and nothing that runs is taken away:
a job above its share sends no more until it is down to it. Where there are more jobs than places each keeps one, and
they take turns in the queue of the workers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import ceil, inf
from types import MappingProxyType

from nas_service.store import Job
from workers.requests import Resources

HEADROOM = 1.25  # of what there is, so that no worker waits for the next step and a cluster that grows sees why

NO_LIMITS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True)
class Demand:
    """What a job would have if it were alone: so many `places`, each of `footprint` and for `batch` trials.

    `number` is its age.
    """

    job_id: str
    owner: str
    priority: int
    number: int
    places: int
    footprint: Resources
    batch: int = 1


class Deal:
    """How the workers are dealt out among the jobs that run. A job that is alone has all that it asks for."""

    def __init__(self) -> None:
        self._demands: dict[str, Demand] = {}
        self._total = Resources(0)
        self._limits: Mapping[str, int] = {}
        self._shares: dict[str, int] = {}

    def among(
        self, live: Sequence[Job], total_now: Callable[[], Resources], limits_now: Callable[[], Mapping[str, int]]
    ) -> None:
        """Deal anew where jobs, workers or the owners' limits on trials have changed."""
        demands = {job.id: _demand(job) for job in live if job.state == "running"}
        if len(demands) < 2:
            self._demands, self._shares = demands, {}
            return
        total, limits = total_now(), limits_now()
        if (demands, total, limits) != (self._demands, self._total, self._limits) or not self._shares:
            self._demands, self._total, self._limits = demands, total, limits
            self._shares = shares(total, list(demands.values()), limits)

    def trials_of(self, job: Job) -> int:
        """How many trials of a job may be under way."""
        parallel: int = job.spec["workers"]["parallel"]
        share = self._shares.get(job.id)
        return parallel if share is None else min(parallel, share * _batch(job))

    def reason(self, job: Job) -> str:
        """Why a job has less than it asks for; empty where it has that."""
        share, one = self._shares.get(job.id), self._demands.get(job.id)
        if share is None or one is None or share >= one.places:
            return ""
        if share:
            others = len(self._demands) - 1
            with_whom = "another job" if others == 1 else f"{others} other jobs"
            return f"shares the workers with {with_whom}: {share} of the {one.places} places that it could use"
        ahead = [d for d in self._demands.values() if d.owner == one.owner and d.priority > one.priority]
        first = max(ahead, key=lambda d: d.priority)
        return f"waits for job {first.job_id}, which has priority {first.priority} and this one {one.priority}"


def _demand(job: Job) -> Demand:
    workers = job.spec["workers"]
    trials = min(workers["parallel"], job.trials_budget - job.completed - job.failed)
    footprint = Resources(workers["cpus"], workers["gpus"])
    places = max(1, ceil(trials / _batch(job)))
    return Demand(job.id, job.owner, job.priority, job.number, places, footprint, _batch(job))


def _batch(job: Job) -> int:
    """Trials of one request, which takes one place."""
    return int(job.spec["task"].get("batch") or 1)


def shares(total: Resources, demands: Sequence[Demand], limits: Mapping[str, int] = NO_LIMITS) -> dict[str, int]:
    """The places of each job: at least one, unless a job of its owner with a higher priority wants more than it has."""
    given = filled(total, demands, limits)
    short = [one for one in demands if given[one.job_id] < one.places]
    for one in demands:
        waits = any(other.owner == one.owner and other.priority > one.priority for other in short)
        given[one.job_id] = given[one.job_id] or int(not waits)
    return given


def filled(total: Resources, demands: Sequence[Demand], limits: Mapping[str, int] = NO_LIMITS) -> dict[str, int]:
    """The places of each job within what there is, and within an owner's limit on trials.

    One that takes nothing gets all; one that fits in nowhere none.
    """
    left = [HEADROOM * total.cpus, HEADROOM * total.gpus]
    given = dict.fromkeys((one.job_id for one in demands), 0)
    taken = dict.fromkeys((one.owner for one in demands), 0.0)  # of an owner's dominant resource
    spare = {one.owner: float(limits.get(one.owner, inf)) for one in demands}  # trials
    waiting: dict[str, list[tuple[int, float, int, Demand]]] = {one.owner: [] for one in demands}
    for one in demands:
        if total.room_for(one.footprint) is None:
            given[one.job_id] = one.places
        elif total.room_for(one.footprint):
            heappush(waiting[one.owner], (-one.priority, 0.0, one.number, one))
    owners = [(0.0, queue[0][2], owner) for owner, queue in waiting.items() if queue]
    owners.sort()
    while owners:
        _, age, owner = heappop(owners)
        rank, has, number, one = heappop(waiting[owner])
        need = (one.footprint.cpus, one.footprint.gpus)
        if spare[owner] >= one.batch and all(there >= wanted for there, wanted in zip(left, need, strict=True)):
            spare[owner] -= one.batch
            left = [there - wanted for there, wanted in zip(left, need, strict=True)]
            given[one.job_id] += 1
            part = max(_part(need[0], total.cpus), _part(need[1], total.gpus))
            taken[owner] += part
            if given[one.job_id] < one.places:
                heappush(waiting[owner], (rank, has + part, number, one))
        if waiting[owner]:
            heappush(owners, (taken[owner], age, owner))
    return given


def _part(need: float, there: float) -> float:
    return need / there if need else 0.0
