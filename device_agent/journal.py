"""Visits that have been made, kept beside the table, so that a profile that was killed goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .files import write_atomically
from .measure import Visit


class Journal:
    """Visits with their subjects, in the order in which they were made.

    With a path, each is a line of JSON in a file that begins with `facts`. A file that begins with other facts (another
    runtime, machine or protocol) is begun anew; what follows a line that was cut off or damaged is dropped.
    """

    def __init__(self, path: Path | None = None, facts: Mapping[str, Any] | None = None) -> None:
        self.made: list[tuple[str, Visit]] = []
        self._path = path
        if path is not None:
            self._open(path, _line(dict(facts or {})))

    def add(self, subject: str, visit: Visit) -> None:
        self.made.append((subject, visit))
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(_line([subject, visit.latency_ms, visit.runs]))

    def discard(self) -> None:
        """Remove the file: the table holds what it was for."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _open(self, path: Path, header: str) -> None:
        written = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        records = list(_records(written.removeprefix(header))) if written.startswith(header) else []
        write_atomically(path, header + "".join(_line(record) for record in records))
        self.made = [(subject, Visit(latency_ms, runs)) for subject, latency_ms, runs in records]


def _records(text: str) -> Iterator[tuple[str, float, int]]:
    """What the lines say, up to the first that is not whole."""
    for line in text.splitlines():
        try:
            subject, latency_ms, runs = json.loads(line)
        except (TypeError, ValueError):
            return
        yield subject, latency_ms, runs


def _line(value: Any) -> str:
    return json.dumps(value, sort_keys=True) + "\n"
