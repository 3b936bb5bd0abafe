"""Lines of CSV (RFC 4180) that a spreadsheet takes for what they are: text never becomes a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")  # what text begins with that a spreadsheet would calculate

Cell = str | float | bool | None


def lines(rows: Iterable[Iterable[Cell]]) -> str:
    """Numbers as they are, nothing for None; text that looks like a formula behind an apostrophe."""
    written = StringIO()
    csv.writer(written).writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue()


def guarded(text: str) -> str:
    """Behind an apostrophe, where it looks like a formula."""
    return f"'{text}" if text.startswith(FORMULAS) else text


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return guarded(value) if isinstance(value, str) else repr(value)
