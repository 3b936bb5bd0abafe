"""Markdown of model cards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a heading row."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def size_text(file_bytes: float) -> str:
    """The size of a file as people read it."""
    return f"{file_bytes / 1024:.0f} KiB"


def joined(sections: Iterable[str]) -> str:
    """The sections of a card one below another, without those that are empty."""
    return "\n\n".join(filter(None, sections)) + "\n"
