"""Cursors, opaque to whoever receives one, and ids as they come in."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query
from pydantic import AfterValidator

from nas_service.errors import NotFound, ServiceError

Row = TypeVar("Row")
_ID = re.compile(r"[a-z0-9.]{1,64}")
LARGEST = 2**31 - 1
LARGEST_KEY = 2**63 - 1


def known_form(text: str) -> str:
    """The text. Raises NotFound where it cannot be an id."""
    if not _ID.fullmatch(text):
        raise NotFound(f"{text[:64]!r} is no id: ids consist of lower-case letters, digits and dots")
    return text


Id = Annotated[str, AfterValidator(known_form)]
Limit = Annotated[int, Query(ge=1, le=500, description="how many at most")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]


def encode(*position: float | None) -> str:
    """The cursor of a position: numbers, the last of them whole."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decode(cursor: str | None, length: int) -> list[Any] | None:
    """The position, None for no cursor. Raises ServiceError for one that this service did not give out."""
    if cursor is None:
        return None
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        position = None
    if not isinstance(position, list) or len(position) != length or not _is_position(position):
        raise ServiceError("this is no cursor of this list; take `next` of the page before, unchanged", "cursor")
    return position


def cut(
    rows: Sequence[Row], limit: int, position: Callable[[Row], Sequence[float | None]]
) -> tuple[list[Row], str | None]:
    """At most `limit` of `limit + 1` rows asked for, and the cursor of the page after them if there is one."""
    if len(rows) <= limit:
        return list(rows), None
    return list(rows[:limit]), encode(*position(rows[limit - 1]))


def _is_position(position: list[Any]) -> bool:
    *keys, number = position
    whole = type(number) is int and 0 <= number <= LARGEST
    return whole and all(key is None or _is_key(key) for key in keys)


def _is_key(key: Any) -> bool:
    """Whether a column could hold it."""
    return abs(key) <= LARGEST_KEY if type(key) is int else type(key) is float and math.isfinite(key)
