"""A larger budget for a job: one that runs goes on for longer, one that ended for want of it goes on from its state."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from nas_service.errors import Conflict, InvalidSpec, ServiceError
from nas_service.remote_data import refuse_unseen
from nas_service.spec import BudgetSpec, WorkersSpec
from nas_service.store import Job, events, jobs
from workers.tasks import TaskError, task_of

from .bodies import parsed
from .service import Service
from .submission import check_key
from .views import ExtendRequest


def parse_request(body: dict[str, Any]) -> ExtendRequest:
    """Raises ServiceError that names the field."""
    wanted = parsed(ExtendRequest, body)
    if wanted.trials is None and wanted.hours is None:
        raise ServiceError("say how much to add: trials, hours or both", "trials")
    return wanted


def extend(service: Service, job_id: str, wanted: ExtendRequest, idempotency_key: str | None = None) -> Job:
    """Add to the budget, or do nothing where this key has done so before.

    Raises NotFound, Conflict for a job that cannot go on or a key that added something else, ServiceError for too
    little, and InvalidSpec for data that is not where the job found it, as at submission.
    """
    check_key(idempotency_key)
    note = _note(wanted, idempotency_key)
    with service.store.read() as conn:
        job, repeated = jobs.get(conn, job_id), _is_repeated(conn, job_id, note)
    if repeated:
        return job
    unchecked, at = _check_data(service, job), service.clock()
    with service.store.write() as conn:
        job = jobs.locked(conn, job_id)
        if _is_repeated(conn, job_id, note):
            return job
        if job.state not in jobs.EXTENSIBLE:
            raise Conflict(
                f"job {job_id} is {job.state}, which is for good; start it anew with: nas clone {job_id}", "state"
            )
        _refuse_complete(job)
        jobs.extend(conn, job, _enlarged(job, wanted), at, **note)
        if unchecked:
            events.append(conn, job_id, at, [("data", {"message": unchecked})])
        return jobs.get(conn, job_id)


def _refuse_complete(job: Job) -> None:
    """Refuses a job that ended before its budget did: its strategy has proposed all that it ever will."""
    hours = job.hours_budget
    used_up = job.trials >= job.trials_budget or (hours is not None and job.active_seconds >= hours * 3600)
    if job.state == "finished" and not used_up:
        raise Conflict(
            f"job {job.id} is finished: {job.reason}, of which a larger budget makes no more. Change the strategy's "
            f"options and start it anew: nas clone {job.id} --set strategy.OPTION=VALUE",
            "state",
        )


def _note(wanted: ExtendRequest, key: str | None) -> dict[str, Any]:
    """What the event of an extension tells of its key: a hash, for everyone who can read the job sees its events."""
    if key is None:
        return {}
    return {"key": blake2b(key.encode(), digest_size=16).hexdigest(), "added": wanted.model_dump()}


def _is_repeated(conn: Connection, job_id: str, note: Mapping[str, Any]) -> bool:
    """Raises Conflict where the key was used for something else."""
    earlier = events.keyed(conn, job_id, "extended", note["key"]) if note else None
    if earlier is not None and earlier.data["added"] != note["added"]:
        raise Conflict(f"this Idempotency-Key was used to add something else to job {job_id}: {earlier.data['added']}")
    return earlier is not None


def _check_data(service: Service, job: Job) -> str:
    """What `refuse_unseen` says of a job that can go on; outside of any transaction, for it may wait for answers."""
    if job.state not in jobs.EXTENSIBLE:
        return ""
    try:
        task = task_of(job.spec["task"])
    except TaskError as error:
        raise InvalidSpec(str(error), error.field) from None
    return refuse_unseen(task, WorkersSpec.model_validate(job.spec["workers"]), service.dispatcher)


def _enlarged(job: Job, wanted: ExtendRequest) -> dict[str, Any]:
    if wanted.hours is not None and job.hours_budget is None:
        raise ServiceError(f"job {job.id} has no limit in hours, so there is none to raise; add trials", "hours")
    trials = job.trials_budget + (wanted.trials or 0)
    hours = None if job.hours_budget is None else job.hours_budget + (wanted.hours or 0)
    if job.trials >= trials:
        raise ServiceError(f"all {job.trials} trials of job {job.id} are spent; add trials", "trials")
    if hours is not None and job.active_seconds >= hours * 3600:
        ran = job.active_seconds / 3600
        raise ServiceError(f"job {job.id} ran for {ran:.3g} hours and may run for {hours:.3g}; add hours", "hours")
    return _checked({"trials": trials, "hours": hours})


def _checked(budget: dict[str, Any]) -> dict[str, Any]:
    try:
        return BudgetSpec.model_validate(budget).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors()[0]
        raise ServiceError(f"the budget would be too large: {first['msg']}", ".".join(map(str, first["loc"]))) from None
