"""What can be done with a job: which actions its state and the viewer's key allow, and doing them."""

from __future__ import annotations

from nicegui import ui

from nas_service.access import Caller, Scope
from nas_service.api.views import JobSummary
from nas_service.client import AsyncClient

from .asking import confirmed, number_of

NAMES = ("pause", "resume", "extend", "clone", "cancel", "delete")


def offered(job: JobSummary, viewer: Caller) -> tuple[str, ...]:
    """In the order of `NAMES`. What is not the viewer's to change can be cloned at the most."""
    mine = viewer.may_change(job.owner)
    possible = {
        "pause": mine and job.state in ("queued", "running"),
        "resume": mine and job.state == "paused",
        "extend": mine and job.state not in ("cancelled", "failed"),
        "clone": viewer.scope.covers(Scope.SUBMIT),
        "cancel": mine and not job.final,
        "delete": mine and job.final,
    }
    return tuple(name for name in NAMES if possible[name])


def cloning(job_id: str) -> str:
    """The address at which a new job begins as a copy of this one."""
    return f"/jobs/new?clone={job_id}"


class JobActions:
    """Does them for one viewer. Each raises ApiError where the service refuses."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def act(self, name: str, job: JobSummary) -> bool:
        """Whether it was done: what destroys something is asked for, and what takes a number may be left."""
        match name:
            case "pause":
                await self._client.pause(job.id)
            case "resume":
                await self._client.resume(job.id)
            case "clone":
                ui.navigate.to(cloning(job.id))
            case "extend":
                return await self._extend(job)
            case "cancel":
                return await self._cancel(job)
            case _:
                return await self._delete(job)
        return True

    async def _extend(self, job: JobSummary) -> bool:
        ended = " It has ended, and goes on from where it did." if job.final else ""
        told = f"{job.completed + job.failed:,} of its {job.trials_budget:,} trials are done.{ended}"
        more = await number_of(f"Extend {job.name}", told, "trials to add", "extend", job.trials_budget)
        if more is not None:
            await self._client.extend(job.id, trials=more)
        return more is not None

    async def _cancel(self, job: JobSummary) -> bool:
        lost = "It ends for good, and its trials under way are lost. Its candidates stay and can be exported."
        wanted = await confirmed(f"Cancel {job.name}?", lost, "cancel the job", keep="let it run")
        if wanted:
            await self._client.cancel(job.id)
        return wanted

    async def _delete(self, job: JobSummary) -> bool:
        lost = losses(job, len(await self._client.exports(job.id)))
        wanted = await confirmed(f"Delete {job.name}?", lost, "delete for good", keep="keep it")
        if wanted:
            await self._client.delete(job.id)
        return wanted


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
