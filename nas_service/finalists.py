"""The best networks of a job: for another one that begins with them, and to be measured on the job's device.

Once a job with `measure` in its spec has ended, a campaign is planned for its device (`campaigns`), which the agent
there carries out. What it found stands beside the estimates in the campaign's verdict.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sqlalchemy import Connection

from search_spaces import Architecture

from .campaigns import Campaigns
from .errors import ServiceError
from .pareto import crowding
from .rounds import Rounds
from .search import parts
from .spec import JobSpec
from .store import Candidate, Job, Store, candidate_lists, candidates, events, jobs
from .store.candidate_lists import Listing

LOOK_S = 1.0
MOST = 300  # candidates that are looked at, best first


def best(conn: Connection, job: Job) -> list[Candidate]:
    """First the front, then by reward. Where the whole front is the aim, its roomiest places come first."""
    front = candidates.on_front(conn, job.id)
    ranked = candidate_lists.page(conn, job.id, Listing("reward"), limit=MOST)
    front = _roomiest_first(front) if job.spec["objective"]["reward"] == "pareto" else sorted(front, key=_reward)
    first = {candidate.id for candidate in front}
    return [*front, *(c for c in ranked if c.feasible and c.id not in first)][:MOST]


def _roomiest_first(front: list[Candidate]) -> list[Candidate]:
    values = np.array([(c.value, c.cost) for c in front], dtype=np.float64).reshape(-1, 2)
    return [front[i] for i in np.argsort(-crowding(values), kind="stable")] if front else []


def _reward(candidate: Candidate) -> tuple[float, int]:
    return -(candidate.reward or 0.0), candidate.number


class Finalists:
    """Plans campaigns for the finalists of jobs that have ended.

    `leads` says whether this process is the one that plans; `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        store: Store,
        campaigns: Campaigns,
        clock: Callable[[], float],
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store, self._campaigns = store, campaigns
        self._clock = clock
        self._rounds = Rounds("finalists", self.round, LOOK_S, leads)

    def start(self) -> None:
        self._rounds.start()

    def stop(self) -> None:
        self._rounds.stop()

    def round(self) -> None:
        """Plan for every job whose finalists are due."""
        with self._store.read() as conn:
            due = jobs.with_finalists_due(conn)
        for job in due:
            self._plan(job)

    def _plan(self, job: Job) -> None:
        now = self._clock()
        networks, problem = self._chosen(job)
        with self._store.write() as conn:
            if not jobs.plan_finalists(conn, job.id):
                return
            if networks:
                self._campaigns.measure(conn, job, networks, now)
            events.append(conn, job.id, now, [("finalists", {"networks": len(networks), "problem": problem})])

    def _chosen(self, job: Job) -> tuple[list[Architecture], str]:
        """The networks to measure, or why there are none."""
        spec = JobSpec.model_validate(job.spec)
        if spec.measure is None:
            return [], "the spec asks for none"
        with self._store.read() as conn:
            full = [candidate for candidate in best(conn, job) if candidate.full]
        try:
            space = parts(spec)[-1]
        except ServiceError as error:  # its plug-in is gone
            return [], str(error)
        chosen = [space.architecture(candidate.genotype) for candidate in full[: spec.measure.finalists]]
        return chosen, "" if chosen else "no candidate was evaluated in full and is within the limits"
