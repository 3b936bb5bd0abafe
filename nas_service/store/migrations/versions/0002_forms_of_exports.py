"""Exports as int8 files, and with normalisation inside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Exports of older versions had one float32 file, and normalisation was left to the caller."""
    for name in ("int8", "normalise"):
        op.add_column("exports", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
