"""Rows as CSV that spreadsheets open as what it is: text and numbers, no formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from nas_service.api.csv_text import guarded

LONGEST = 80  # characters of a file's name


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """A header and a line a row (RFC 4180); what a row lacks is empty. Text that would be a formula is quoted by '."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(map(_cell, columns))
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return out.getvalue()


def file_name(name: str, ending: str) -> str:
    """Of letters, digits and dashes, for any system."""
    plain = re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-").lower()
    return f"{plain[:LONGEST] or 'chart'}.{ending}"


def _cell(value: Any) -> Any:
    return guarded(value) if isinstance(value, str) else value
