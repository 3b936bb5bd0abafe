"""What reuse saves, which proposals took a trial of the budget or are the random control's, and trials that go on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Older versions had no control, trained every trial from its first epoch, and did not count what was saved.

    Which proposals took a trial their rows tell.
    """
    op.add_column("jobs", sa.Column("saved_seconds", sa.Float(), nullable=False, server_default=sa.text("0")))
    op.add_column("candidates", sa.Column("reused_from", sa.String(length=64), nullable=True))
    op.add_column("trials", sa.Column("checkpoint", sa.Text(), nullable=True))
    for name in ("spent", "control"):
        op.add_column("proposals", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    proposals = _table("proposals", "job_id", "number", "candidate_id", "trial_id", "status")
    op.execute(proposals.update().where(sa.or_(_brought_a_trial(proposals), _took_over(proposals))).values(spent=True))


def _brought_a_trial(proposals: sa.TableClause) -> sa.ColumnElement[bool]:
    """The first of those that waited for one trial brought it."""
    other = proposals.alias()
    same = (other.c.job_id == proposals.c.job_id, other.c.trial_id == proposals.c.trial_id)
    return proposals.c.number == sa.select(sa.func.min(other.c.number)).where(*same).scalar_subquery()


def _took_over(proposals: sa.TableClause) -> sa.ColumnElement[bool]:
    """A result of another job counted as a trial where it came with a candidate."""
    candidates = _table("candidates", "id", "number")
    brought = (candidates.c.id == proposals.c.candidate_id, candidates.c.number == proposals.c.number)
    return sa.and_(proposals.c.status == "reused", proposals.c.trial_id.is_(None), sa.exists().where(*brought))


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *map(sa.column, columns), sa.column("spent", sa.Boolean))
