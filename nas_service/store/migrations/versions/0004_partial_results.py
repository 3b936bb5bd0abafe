"""Candidates keep results of less than full fidelity, and proposals the genotype that they came with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Older versions kept results of full fidelity only, and of equal architectures the first genotype."""
    op.add_column("candidates", sa.Column("full", sa.Boolean(), nullable=False, server_default=sa.false()))
    candidates = sa.table("candidates", sa.column("full", sa.Boolean), sa.column("value", sa.Float))
    op.execute(candidates.update().where(candidates.c.value.is_not(None)).values(full=True))
    op.drop_index(op.f("ix_candidates_job_id_reward"), "candidates")
    op.create_index(op.f("ix_candidates_job_id_full_reward"), "candidates", ["job_id", "full", "reward"])
    op.add_column("proposals", sa.Column("genotype", sa.JSON(), nullable=True))
