"""JSON as both databases keep it: by the encoder and the parser of pydantic, several times as fast as Python's own.

What they cannot do (half of a surrogate pair) or would let through (NaN) is left to Python's.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json

_strict = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def encode(value: Any) -> str:
    """Raises ValueError for NaN and infinity, which PostgreSQL would refuse."""
    try:
        text = to_json(value).decode()
    except PydanticSerializationError:
        return _strict(value)
    return _strict(value) if "NaN" in text or "Infinity" in text else text


def decode(text: str | bytes) -> Any:
    try:
        return from_json(text)
    except ValueError:
        return json.loads(text)
