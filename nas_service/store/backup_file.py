"""The file of a backup: lines of JSON under gzip, the same for every kind of database.

First a line that says what it is and of which schema; for every table a line with its name and columns, then a line a
row; last the number of rows of each table and a hash of all lines before. So it is written and read a row at a time,
whatever its size, and a file that was cut or changed is known as such. Values are as the schema's columns hold them,
with JSON as its text, so that nothing of it is interpreted on the way, and bytes in base64.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

FORMAT = "nas-backup"
FORMAT_VERSION = 1
BATCH = 1000  # rows at a time


class BadBackup(Exception):
    """A file that is no backup, or not a whole one."""


@dataclass(frozen=True)
class Header:
    """What a backup says of itself: the schema of its rows, and when it was made, in seconds since the epoch."""

    schema: str
    made_at: float
    format: str = FORMAT
    version: int = FORMAT_VERSION


@dataclass(frozen=True)
class Part:
    """Some rows of a table, as many values each as there are columns."""

    table: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


@contextmanager
def written(path: Path) -> Iterator[Writer]:
    """A file that appears at `path`, on disk, when the block has ended, or not at all."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            with gzip.open(file, "wb", compresslevel=6) as packed:
                writer = Writer(packed)
                yield writer
                writer.end()
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


class Writer:
    """Takes the header, then tables one after another. `rows` counts what it took."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self.rows: dict[str, int] = {}
        self._file = file
        self._hash = sha256()

    def begin(self, header: Header) -> None:
        self._line(asdict(header))

    def table(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        self._line({"table": name, "columns": list(columns)})
        self.rows[name] = 0
        for row in rows:
            self._line(list(row))
            self.rows[name] += 1

    def end(self) -> None:
        self._line({"rows": self.rows, "sha256": self._hash.hexdigest()})

    def _line(self, value: Any) -> None:
        line = json.dumps(value, separators=(",", ":")).encode() + b"\n"
        self._hash.update(line)
        self._file.write(line)


def header(path: Path) -> Header:
    """What the backup says of itself. Raises BadBackup, and OSError where there is no such file."""
    for line in _lines(path):
        said = _parsed(path, line)
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            break
        if said.get("version") != FORMAT_VERSION:
            raise BadBackup(f"{path} is a backup in form {said.get('version')}; this program reads {FORMAT_VERSION}")
        return Header(str(said.get("schema")), float(said.get("made_at", 0)))
    raise BadBackup(f"{path} is no backup; expected a file that `nas db backup` wrote")


def parts(path: Path) -> Iterator[Part]:
    """All rows, in batches. Raises BadBackup, at the end too: only who came to the end has read a whole backup."""
    lines, seen, counts = _lines(path), sha256(), dict[str, int]()
    seen.update(next(lines, b""))
    name, columns, batch = "", (), list[Any]()
    for line in lines:
        said = _parsed(path, line)
        if batch and (len(batch) == BATCH or isinstance(said, dict)):
            yield Part(name, columns, batch)
            batch = []
        match said:
            case list() if name and len(said) == len(columns):
                batch.append(said)
                counts[name] += 1
            case {"table": str(name), "columns": list(listed)}:
                columns, counts[name] = tuple(listed), 0
            case {"rows": rows, "sha256": found} if (rows, found) == (counts, seen.hexdigest()) and not any(lines):
                return
            case _:
                raise BadBackup(_damaged(path, "its content is not what its hash says"))
        seen.update(line)
    raise BadBackup(_damaged(path, "it has no end"))


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file, gzip.open(file) as lines:
        try:
            yield from lines
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BadBackup(_damaged(path, str(error))) from None


def _parsed(path: Path, line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise BadBackup(_damaged(path, str(error))) from None


def _damaged(path: Path, how: str) -> str:
    return f"{path} is cut or damaged, or no backup ({how}); nothing was taken from it"
