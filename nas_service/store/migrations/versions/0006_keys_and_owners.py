"""API keys, and owners of jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Older versions knew no keys: their jobs have no owner, and an idempotency key was everybody's."""
    op.create_table(
        "keys",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=True),
        sa.Column("used_at", sa.Float(), nullable=True),
        sa.Column("revoked_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
    )
    with op.batch_alter_table("jobs", schema=None) as jobs:
        jobs.add_column(sa.Column("owner", sa.String(length=100), nullable=False, server_default=""))
        jobs.drop_constraint(op.f("uq_jobs_idempotency_key"), type_="unique")
        jobs.create_unique_constraint(op.f("uq_jobs_owner_idempotency_key"), ["owner", "idempotency_key"])
