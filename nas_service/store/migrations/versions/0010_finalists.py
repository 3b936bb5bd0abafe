"""Finalists of jobs, which campaigns measure, and what that says of their estimates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("finalists", sa.String(length=16), nullable=True))
    op.create_index(op.f("ix_jobs_finalists"), "jobs", ["finalists"])
    with op.batch_alter_table("campaigns") as campaigns:
        campaigns.add_column(sa.Column("job_id", sa.String(length=32), nullable=True))
        campaigns.add_column(sa.Column("verdict", sa.JSON(none_as_null=True), nullable=True))
        campaigns.create_foreign_key(op.f("fk_campaigns_job_id_jobs"), "jobs", ["job_id"], ["id"], ondelete="CASCADE")
    op.create_index(op.f("ix_campaigns_job_id"), "campaigns", ["job_id"])
