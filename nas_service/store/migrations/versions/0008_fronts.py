"""The Pareto front of each job is kept in a table of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    fronts = op.create_table(
        "fronts",
        sa.Column("candidate_id", sa.String(length=64), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidates.id"], name=op.f("fk_fronts_candidate_id_candidates"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_fronts_job_id_jobs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("candidate_id", name=op.f("pk_fronts")),
    )
    op.create_index(op.f("ix_fronts_job_id"), "fronts", ["job_id"])
    _fill(op.get_bind(), fronts)


def _fill(conn: sa.Connection, fronts: sa.Table) -> None:
    """What was found so far: of each job, from the cheapest up, the candidates that are better than all before."""
    c = sa.table("candidates", *map(sa.column, ("id", "job_id", "number", "full", "feasible", "value", "cost"))).c
    counts = (c.full == sa.true(), c.feasible == sa.true(), c.value.is_not(None))
    rows = conn.execute(
        sa.select(c.id, c.job_id, c.value, c.cost).where(*counts).order_by(c.cost, c.value.desc(), c.number)
    )
    best: dict[str, float] = {}
    members = []
    for row in rows:
        if row.value > best.get(row.job_id, float("-inf")):
            best[row.job_id] = row.value
            members.append({"job_id": row.job_id, "candidate_id": row.id, "value": row.value, "cost": row.cost})
    if members:
        conn.execute(sa.insert(fronts), members)
