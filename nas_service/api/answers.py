"""Answers that are asked for often, written at once: FastAPI would look through what was made here a second time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TypeVar

from fastapi import Response
from pydantic import TypeAdapter

from .views import View

Shown = TypeVar("Shown", bound=View)


def one(view: View) -> Response:
    """A view as JSON. The route names its model for the OpenAPI document."""
    return written(view.model_dump_json())


def written(text: str) -> Response:
    """JSON that is there already."""
    return Response(text, media_type="application/json")


def several(kind: type[Shown], views: Sequence[Shown]) -> Response:
    """Views of one kind as a JSON list."""
    return Response(_list_of(kind).dump_json(list(views)), media_type="application/json")


@cache
def _list_of(kind: type[Shown]) -> TypeAdapter[list[Shown]]:
    return TypeAdapter(list[kind])  # type: ignore[valid-type]
