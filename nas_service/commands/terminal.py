"""What the commands share: where the server is, how things are printed, what a user's error is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import httpx
import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from ..client import Client
from ..client.connecting import DEFAULT_URL

Server = Annotated[str, typer.Option(envvar="NAS_SERVER", help="where the service answers")]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="id of a job; `nas jobs` lists them")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for programs")]

__all__ = ["DEFAULT_URL", "AsJson", "JobId", "Server", "UserError", "connected", "print_json", "show_table", "when"]


class UserError(Exception):
    """Something that the user can put right: the message says what and how."""


@contextmanager
def connected(server: str) -> Iterator[Client]:
    """A client of the server. Raises UserError for what is no address."""
    try:
        usable = httpx.URL(server).scheme in ("http", "https") and bool(httpx.URL(server).host)
    except httpx.InvalidURL:
        usable = False
    if not usable:
        raise UserError(f"--server {server!r} is no address; expected for example {DEFAULT_URL}")
    with Client(server) as client:
        yield client


def print_json(answer: BaseModel | Sequence[BaseModel]) -> None:
    """One JSON document on stdout."""
    if isinstance(answer, BaseModel):
        typer.echo(answer.model_dump_json())
    else:
        typer.echo("[" + ",".join(item.model_dump_json() for item in answer) + "]")


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows on the terminal; ids are never cut."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def when(seconds: float | None) -> str:
    """A time of the service, in this machine's time zone."""
    if seconds is None:
        return "–"
    return dt.datetime.fromtimestamp(seconds, dt.UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
