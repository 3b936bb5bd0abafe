"""Visits that have been made, kept beside the table, so that a profile that was killed goes on where it was."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .measure import Visit


class Journal:
    """Visits by subject. With a path, each is a line of JSON in a file that begins with `facts`.

    A file that begins with other facts (another runtime, machine or protocol) is begun anew; a last line that was cut
    off is dropped.
    """

    def __init__(self, path: Path | None = None, facts: Mapping[str, Any] | None = None) -> None:
        self.visits: dict[str, list[Visit]] = defaultdict(list)
        self._path = path
        if path is not None:
            self._open(path, _line(dict(facts or {})))

    def add(self, subject: str, visit: Visit) -> None:
        self.visits[subject].append(visit)
        if self._path is not None:
            with self._path.open("ab") as file:
                file.write(_line([subject, visit.latency_ms, visit.runs]))

    def discard(self) -> None:
        """Remove the file: the table holds what it was for."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _open(self, path: Path, header: bytes) -> None:
        written = path.read_bytes() if path.exists() else b""
        lines = written.splitlines(keepends=True) if written.startswith(header) else []
        whole = [header, *(line for line in lines[1:] if line.endswith(b"\n"))]
        for subject, latency_ms, runs in _records(whole[1:]):
            self.visits[subject].append(Visit(latency_ms, runs))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(whole))


def _records(lines: list[bytes]) -> Iterator[tuple[str, float, int]]:
    for line in lines:
        subject, latency_ms, runs = json.loads(line)
        yield subject, latency_ms, runs


def _line(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode() + b"\n"
