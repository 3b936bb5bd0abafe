"""`nas` with a fault planted, which the first argument names; the others are those of `nas`.

`deaf`: a coordinator that took a job once goes on with it for ever, whoever has it now. Fencing makes that harmless.
`unfenced`: deaf too, and it looks neither at the fencing number of a job nor at the attempt of a request.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy import Connection

from nas_service.commands import main
from nas_service.coordinator import collecting, coordinator, proposing
from nas_service.coordinator.holding import Holding
from nas_service.coordinator.run import Overtaken, Run
from nas_service.store import Job, jobs, requests
from nas_service.store.schema import requests as rows

taken: dict[str, int] = {}  # every job that was ever held here, and the fencing number of the first time
hold = Holding.jobs


def hold_for_ever(self: Holding, now: float) -> list[Job]:
    for job in hold(self, now):
        taken.setdefault(job.id, job.fence)
    with self._store.read() as conn:
        live = jobs.in_state(conn, jobs.LIVE)
    return [replace(job, fence=taken[job.id]) for job in live if job.id in taken]


def lock(conn: Connection, run: Run, expected: Collection[str]) -> None:
    state, _ = jobs.standing(conn, run.job_id) or ("gone", 0)
    if state not in expected:
        raise Overtaken(state)


def settle(conn: Connection, ended: Mapping[tuple[str, int], int]) -> set[tuple[str, int]]:
    for (request_id, _), n in ended.items():
        left = rows.c.open_trials - n
        conn.execute(rows.update().where(rows.c.id == request_id).values(open_trials=left, state="done"))
    return set(ended)


if __name__ == "__main__":
    fault = sys.argv.pop(1)
    Holding.jobs = hold_for_ever
    if fault == "unfenced":
        collecting.lock = proposing.lock = coordinator.lock = lock
        requests.settle = settle
    main()
