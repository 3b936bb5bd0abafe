"""Jobs are held by a coordinator, under a lease and a fencing number; owners may have quotas."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Older versions had one coordinator, so nobody holds a job until one begins."""
    with op.batch_alter_table("jobs", schema=None) as jobs:
        jobs.add_column(sa.Column("holder", sa.String(length=64), nullable=True))
        jobs.add_column(sa.Column("lease_until", sa.Float(), nullable=True))
        jobs.add_column(sa.Column("fence", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "quotas",
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("jobs", sa.Integer(), nullable=True),
        sa.Column("trials", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_quotas")),
    )
