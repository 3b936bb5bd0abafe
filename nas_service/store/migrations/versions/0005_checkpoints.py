"""Trials may go on from the checkpoint of an earlier one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Older versions trained every trial from its first epoch."""
    op.add_column("trials", sa.Column("checkpoint", sa.Text(), nullable=True))
