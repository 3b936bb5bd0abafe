"""Webhooks of jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Jobs of older versions have no webhook."""
    op.add_column("jobs", sa.Column("webhook", sa.String(length=16), nullable=True))
    op.create_index(op.f("ix_jobs_webhook"), "jobs", ["webhook"])
