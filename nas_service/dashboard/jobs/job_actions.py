"""What can be done with a job of a list: which actions its state and the viewer's key allow, and doing them."""

from __future__ import annotations

from nas_service.access import Caller
from nas_service.api.views import JobSummary
from nas_service.client import AsyncClient

from ..asking import confirmed, number_of

NAMES = ("pause", "resume", "extend", "cancel", "delete")


def offered(job: JobSummary, viewer: Caller) -> tuple[str, ...]:
    """In the order of `NAMES`; none on a job that is not the viewer's to change."""
    possible = {
        "pause": job.state in ("queued", "running"),
        "resume": job.state == "paused",
        "extend": job.state not in ("cancelled", "failed"),
        "cancel": not job.final,
        "delete": job.final,
    }
    return tuple(name for name in NAMES if possible[name]) if viewer.may_change(job.owner) else ()


class JobActions:
    """Does them for one viewer. Each raises ApiError where the service refuses."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def act(self, name: str, job: JobSummary) -> None:
        if name == "pause":
            await self._client.pause(job.id)
        elif name == "resume":
            await self._client.resume(job.id)
        elif name == "extend":
            await self._extend(job)
        elif name == "cancel":
            await self._cancel(job)
        else:
            await self._delete(job)

    async def _extend(self, job: JobSummary) -> None:
        ended = " It has ended, and goes on from where it did." if job.final else ""
        told = f"{job.completed + job.failed:,} of its {job.trials_budget:,} trials are done.{ended}"
        more = await number_of(f"Extend {job.name}", told, "trials to add", "extend", job.trials_budget)
        if more is not None:
            await self._client.extend(job.id, trials=more)

    async def _cancel(self, job: JobSummary) -> None:
        lost = "It ends for good, and its trials under way are lost. Its candidates stay and can be exported."
        if await confirmed(f"Cancel {job.name}?", lost, "cancel the job", keep="let it run"):
            await self._client.cancel(job.id)

    async def _delete(self, job: JobSummary) -> None:
        lost = losses(job, len(await self._client.exports(job.id)))
        if await confirmed(f"Delete {job.name}?", lost, "delete for good", keep="keep it"):
            await self._client.delete(job.id)


def losses(job: JobSummary, exports: int) -> str:
    """What is gone with a job, in a sentence."""
    best = f", its best candidate {job.incumbent} among them" if job.incumbent else ""
    files = {0: "it has no exports"}.get(exports, f"so do its {_counted(exports, 'export')}")
    trials = _counted(job.completed + job.failed, "trial")
    return (
        f"The results of {trials} go with it, and every candidate with its weights{best}; {files}. "
        "There is no way back."
    )


def _counted(n: int, noun: str) -> str:
    return f"{n:,} {noun}" + ("" if n == 1 else "s")
