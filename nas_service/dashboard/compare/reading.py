"""What is compared as it now is: jobs and candidates, of which some may not be there, or no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from nas_service.api.comparison_views import JobsComparison
from nas_service.api.device_views import BesideView
from nas_service.api.views import CandidateDetail, JobView
from nas_service.client import ApiError, AsyncClient

from .measures import Network
from .wanted import Wanted

T = TypeVar("T")


@dataclass(frozen=True)
class Beside:
    """Jobs, those of the candidates among them, and networks: the candidates and the best of each job that is named."""

    jobs: JobsComparison
    networks: tuple[Network, ...]


class Reading:
    """`gone` tells of ids why there is nothing to see of them, as of the last look."""

    def __init__(self, client: AsyncClient, wanted: Wanted) -> None:
        self._client = client
        self._wanted = wanted
        self._seen: list[JobView] = []
        self._jobs: JobsComparison | None = None
        self.gone: dict[str, str] = {}

    async def look(self) -> Beside | None:
        """None where nothing is there. Raises ApiError where the service does not answer."""
        self.gone = {}
        candidates = await self._present(self._wanted.candidates, self._client.candidate)
        ids = dict.fromkeys((*self._wanted.jobs, *(one.job_id for one in candidates)))
        jobs = await self._present(ids, self._client.job)
        if not jobs:
            return None
        if self._jobs is None or jobs != self._seen:
            self._jobs = await self._client.compare([job.id for job in jobs], every=True)
            self._seen = jobs
        return Beside(self._jobs, await self._networks(jobs, candidates))

    async def _networks(self, jobs: Sequence[JobView], named: Sequence[CandidateDetail]) -> tuple[Network, ...]:
        known = {one.id for one in named}
        best = [job.incumbent for job in jobs if job.id in self._wanted.jobs]
        ids = [one for one in best if one is not None and one not in known]
        candidates = [*named, *await asyncio.gather(*map(self._client.candidate, ids))]
        measured = dict(pair for found in await asyncio.gather(*map(self._measured, jobs)) for pair in found)
        of = {job.id: job for job in jobs}
        return tuple(Network(one, of[one.job_id], measured.get(one.id)) for one in candidates if one.job_id in of)

    async def _measured(self, job: JobView) -> list[tuple[str, BesideView]]:
        """What the finalists of a job really took, where it has any measured."""
        if job.spec.get("measure") is None:
            return []
        return [(one.candidate_id, one) for one in (await self._client.finalists(job.id)).networks]

    async def _present(self, ids: Collection[str], ask: Callable[[str], Awaitable[T]]) -> list[T]:
        found: list[T] = []
        for named, answer in zip(ids, await asyncio.gather(*map(ask, ids), return_exceptions=True), strict=True):
            if isinstance(answer, ApiError) and answer.status == 404:
                self.gone[named] = str(answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                found.append(answer)
        return found
