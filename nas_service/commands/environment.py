"""The settings and the database of the service as the commands find them that run on its machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import Connection, make_url
from sqlalchemy.exc import SQLAlchemyError

from ..errors import ServiceError
from ..settings import Settings
from ..store import Store, revisions
from ..store.backup import NoSchema, NotEmpty
from ..store.backup_file import BadBackup
from .terminal import UserError


def settings() -> Settings:
    """`NAS_*` over the defaults. Raises UserError for a value that cannot be."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "NAS_" + "_".join(map(str, first["loc"])).upper()
        raise UserError(f"{name} cannot be {first['input']!r}: {first['msg']}") from None


@contextmanager
def database(*, new: bool = False) -> Iterator[Store]:
    """The database. What cannot be done ends as UserError. A SQLite file is made only where it may be `new`."""
    url = settings().database
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and not new and not Path(parsed.database or "").is_file():
            raise UserError(f"there is no database at {parsed.database}; set NAS_HOME or NAS_DATABASE_URL")
        store = Store(url)
        try:
            yield store
        finally:
            store.close()
    except (BadBackup, NoSchema, NotEmpty, ServiceError, revisions.NewerSchema) as error:
        raise UserError(str(error)) from None
    except OSError as error:
        raise UserError(f"{error.filename}: {error.strerror}") from None
    except SQLAlchemyError as error:
        raise UserError(f"the database cannot be used: {str(error).splitlines()[0]}; check NAS_DATABASE_URL") from None


@contextmanager
def reading(*, new: bool = False) -> Iterator[Connection]:
    """A look at the database, upgraded before, which is made where it may be `new`."""
    with database(new=new) as store:
        store.migrate()
        with store.read() as conn:
            yield conn


@contextmanager
def writing(*, new: bool = False) -> Iterator[Connection]:
    """A write transaction on the database, upgraded before, which is made where it may be `new`."""
    with database(new=new) as store:
        store.migrate()
        with store.write() as conn:
            yield conn
