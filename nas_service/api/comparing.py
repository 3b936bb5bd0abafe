"""Jobs beside each other: fronts in one frame, the best of each, and where their specs differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from nas_service.comparison import Judged, apart, side_by_side
from nas_service.errors import ServiceError
from nas_service.spec import JobSpec
from nas_service.spec_differences import lines
from nas_service.store import Job, arms, candidates, fronts, jobs

from . import readings
from .comparison_views import MOST, DifferenceView, FrontView, JobsComparison, StandingView
from .paging import known_form
from .views import ArmView, FrameView

SEED = 0  # of the subsets: the same jobs say the same again


def named(listed: str) -> list[str]:
    """The ids of `A,B`. Raises ServiceError where there are none or too many, NotFound for what is no id."""
    ids = list(dict.fromkeys(filter(None, map(str.strip, listed.split(",")))))
    if not 1 <= len(ids) <= MOST:
        raise ServiceError(f"name 1 to {MOST} different jobs, separated by commas; here there are {len(ids)}", "jobs")
    return [known_form(job_id) for job_id in ids]


def beside(conn: Connection, job_ids: Sequence[str], *, every: bool = False) -> JobsComparison:
    """With `every` line of the specs, or those in which they differ. Raises NotFound for a job that is none."""
    compared = [jobs.get(conn, job_id) for job_id in job_ids]
    found = [arms.whole(conn, job) for job in compared]
    comparable = len({_axes(job) for job in compared}) == 1
    standings = side_by_side(found, _limit(compared), SEED) if comparable else apart(found)
    frame = standings.frame
    return JobsComparison(
        comparable=comparable,
        note=_note(compared, comparable=comparable),
        subset=standings.subset,
        frame=None if frame is None else FrameView.model_validate(frame),
        jobs=[_standing(conn, job, one) for job, one in zip(compared, standings.judged, strict=True)],
        differences=[DifferenceView.model_validate(one) for one in lines(list(map(_spec, compared)), every=every)],
    )


def _axes(job: Job) -> tuple[str, str]:
    return job.spec["task"]["metric"], job.spec["objective"]["cost"]


def _limit(compared: Sequence[Job]) -> float | None:
    """The loosest limit on the cost of the front, where every job has one."""
    limits = [job.spec["objective"]["limits"].get(job.spec["objective"]["cost"]) for job in compared]
    return None if None in limits else max(limits)


def _spec(job: Job) -> dict[str, object]:
    """Without the name, which the job shows anyway; with the defaults that came after the job."""
    found: dict[str, object] = _read(job).model_dump(mode="json", exclude={"name"})
    return found


def _read(job: Job) -> JobSpec:
    return JobSpec.model_validate(job.spec)


def _standing(conn: Connection, job: Job, judged: Judged) -> StandingView:
    metric, cost = _axes(job)
    members = fronts.of_job(conn, job.id)
    return StandingView(
        job=readings.job_summary(job),
        metric=metric,
        cost=cost,
        found=ArmView.model_validate(judged),
        front=FrontView(
            id=list(members), value=[v for v, _ in members.values()], cost=[c for _, c in members.values()]
        ),
        best=None if job.incumbent is None else readings.candidate_view(candidates.get(conn, job.incumbent)),
    )


def _each(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _note(compared: Sequence[Job], *, comparable: bool) -> str:
    if not comparable:
        told = "; ".join(f"{job.name}: {metric} and {cost}" for job in compared for metric, cost in [_axes(job)])
        return f"Their fronts cannot be compared, for they have other axes: {told}."
    notes = []
    if len(tasks := _each(job.spec["task"]["name"] for job in compared)) > 1:
        notes.append(f"The tasks differ ({', '.join(tasks)}), so a higher value need not be a better network.")
    devices = _each(f"{one.name}, {one.setting.words}" for job in compared if (one := _read(job).device))
    if _axes(compared[0])[1] == "latency_ms" and len(devices) > 1:
        notes.append(f"The latencies are of different devices ({'; '.join(devices)}).")
    return " ".join(notes)
