"""In which precision, and by which execution provider, a campaign measures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Older versions measured float32 networks on the CPU."""
    cpu = "CPUExecutionProvider"
    with op.batch_alter_table("campaigns") as campaigns:
        campaigns.add_column(sa.Column("precision", sa.String(length=16), nullable=False, server_default="float32"))
        campaigns.add_column(sa.Column("provider", sa.String(length=64), nullable=False, server_default=cpu))
