"""Writes that nobody waits for: PostgreSQL works on one statement while the next is prepared.

Within a write transaction, statements marked `UNANSWERED` are sent and not waited for. Any other statement, and the
commit, waits for all before it: what one of those broke is raised there, wrapped as SQLAlchemy wraps it, though under
the name of the statement that waited. SQLite, which runs in our own process, has nothing to gain and knows no such
thing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, event

UNANSWERED: Mapping[str, Any] = {"nas_unanswered": True}  # execution options of a statement that brings no rows
_PIPELINE = "nas_pipeline"  # execution option of a connection


def attach(engine: Engine) -> None:
    """Let statements of this engine, which is one for PostgreSQL by psycopg, heed `UNANSWERED`."""

    @event.listens_for(engine, "after_cursor_execute")
    def _wait(conn: Connection, _cursor: Any, _statement: str, _given: Any, context: Any, _many: bool) -> None:
        pipeline = conn.get_execution_options().get(_PIPELINE)
        if pipeline is not None and not UNANSWERED.keys() <= context.execution_options.keys():
            pipeline.sync()

    @event.listens_for(engine, "rollback")
    def _forget(conn: Connection) -> None:
        """What failed is known; those behind it, which were not run, would only be told of in its place."""
        pipeline = conn.get_execution_options().get(_PIPELINE)
        if pipeline is not None:
            with contextlib.suppress(conn.dialect.loaded_dbapi.Error):
                pipeline.sync()


@contextlib.contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """To be left after the transaction has ended, whose commit waits for what is still under way."""
    driver: Any = connection.connection.driver_connection
    with contextlib.ExitStack() as stack:
        connection.execution_options(**{_PIPELINE: stack.enter_context(driver.pipeline())})
        try:
            yield
        finally:
            with contextlib.suppress(connection.dialect.loaded_dbapi.Error):  # a lost connection: all was answered
                stack.close()
