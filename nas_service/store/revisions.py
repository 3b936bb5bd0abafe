"""Which schema a database has, and the way from an older one to that of this program.

Alembic names a schema by a revision. A database with a revision that is not among ours was written by a newer program,
which may keep in it what this one does not know of: nothing is read from it or written to it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parent / "migrations"


class NewerSchema(Exception):
    """The database, or a backup of one, is of a schema that this program does not know."""

    def __init__(self, what: str, found: str) -> None:
        super().__init__(
            f"{what} has schema {found}, which is newer than this program's {newest()}; install the version of "
            "nas-service that wrote it, or a later one. Going back takes a backup made before the upgrade: "
            "nas db restore FILE, into an empty database"
        )


def newest() -> str:
    """The schema of this program."""
    return _script().get_current_head() or ""


def present(conn: Connection) -> str | None:
    """The schema of the database; None where it has none."""
    from alembic.migration import MigrationContext  # alembic takes longer to import than most commands run

    return MigrationContext.configure(conn).get_current_revision()


def refuse_newer(found: str | None, what: str = "the database") -> None:
    """Raises NewerSchema for a schema that is none of ours. `what` has it."""
    if found is not None and found not in {revision.revision for revision in _script().walk_revisions()}:
        raise NewerSchema(what, found)


def upgrade(conn: Connection, to: str = "head") -> None:
    """Bring the schema up to a version, from none or from any older one. Raises NewerSchema."""
    from alembic import command

    refuse_newer(present(conn))
    config = _config()
    config.attributes["connection"] = conn
    command.upgrade(config, to)


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


@cache
def _script() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config())
