"""What a job, its search and its random control have spent and found."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from . import candidates as candidate_rows
from .records import Job
from .schema import candidates, proposals


@dataclass(frozen=True)
class Arm:
    """Trials of the budget, and the candidates within the limits that have a result of full fidelity.

    `points` are their places against the front, (value to maximise, cost to minimise).
    """

    trials: int
    points: list[tuple[float, float]]
    rewards: list[float]


def of_job(conn: Connection, job_id: str) -> tuple[Arm, Arm]:
    """(search, control). A candidate that both proposed belongs to both, whichever of them had it evaluated."""
    p, c = proposals.c, candidates.c
    counted = select(p.control, func.count().label("n")).where(p.job_id == job_id, p.spent).group_by(p.control)
    trials = {row.control: row.n for row in conn.execute(counted)}
    query = (
        select(p.control, c.number, c.value, c.cost, c.reward)
        .join_from(candidates, proposals, p.candidate_id == c.id)
        .where(c.job_id == job_id, p.job_id == job_id, c.full, c.value.is_not(None), c.feasible)
        .distinct()
        .order_by(c.number)
    )
    rows = conn.execute(query).all()
    search, control = (
        Arm(
            trials.get(arm, 0),
            [(row.value, row.cost) for row in rows if row.control == arm],
            [row.reward for row in rows if row.control == arm],
        )
        for arm in (False, True)
    )
    return search, control


def whole(conn: Connection, job: Job) -> Arm:
    """The job as one, whoever proposed; of the rewards the best alone."""
    points = [(value, cost) for _, value, cost in candidate_rows.points(conn, job.id)]
    return Arm(job.trials, points, [] if job.best_reward is None else [job.best_reward])
