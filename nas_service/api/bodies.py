"""Request bodies: their size is limited before they are read, and what is read is JSON that every database can keep."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nas_service.errors import ServiceError

from .problems import problem

Wanted = TypeVar("Wanted", bound=BaseModel)
DEEPEST = 40  # levels of nesting; a job spec has about six


class InvalidBody(ServiceError):
    """A body that is no JSON object that could be kept."""

    title = "The request body cannot be used"


class WrongMediaType(ServiceError):
    """A body that does not say that it is JSON, the one type that browsers never send across sites unasked."""

    status = 415
    title = "The request body has to be JSON"


class TooLarge(ServiceError):
    """A body over the limit."""

    status = 413
    title = "The request body is too large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"a request may have {limit:,} bytes; put large data into files and name their path")


class BodyLimit:
    """ASGI middleware: refuses larger bodies by their declared length, and undeclared ones once they pass the limit."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _declared(scope) > self._limit:
            error = TooLarge(self._limit)
            await problem(error.status, error.title, error.detail)(scope, receive, send)
        else:
            await self._app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._limit:
                raise TooLarge(self._limit)
            return message

        return counted


def _declared(scope: Scope) -> int:
    value = dict(scope["headers"]).get(b"content-length", b"0")
    return int(value) if value.isdigit() else 0


async def _read_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object. Raises InvalidBody, WrongMediaType or TooLarge."""
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/json":
        raise WrongMediaType("send the body with Content-Type: application/json")
    return parse_object(await request.body())


JsonObject = Annotated[dict[str, Any], Depends(_read_object)]


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object from bytes: finite numbers, text without NUL, at most `DEEPEST` levels. Raises InvalidBody."""
    try:
        data = json.loads(body, parse_constant=_refuse_number, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise InvalidBody(f"this is no JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise InvalidBody(f"this JSON is nested too deeply; at most {DEEPEST} levels are read") from None
    except UnicodeDecodeError:
        raise InvalidBody("this is no JSON: the bytes are not UTF-8") from None
    except ValueError as error:
        raise InvalidBody(f"this JSON cannot be read: {error}") from None
    if not isinstance(data, dict):
        raise InvalidBody("expected a JSON object, {...}")
    _refuse_unkeepable(data)
    return data


def parsed(kind: type[Wanted], body: dict[str, Any]) -> Wanted:
    """What a body asks for. Raises ServiceError that names the field."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        first, keys = error.errors()[0], ", ".join(kind.model_fields)
        raise ServiceError(f"{first['msg']}; keys: {keys}", ".".join(map(str, first["loc"]))) from None


def _refuse_unkeepable(data: dict[str, Any]) -> None:
    level: list[tuple[str, Any]] = [("", data)]
    for _ in range(DEEPEST):
        level = [child for path, value in level for child in _children(path, value)]
        if not level:
            return
    raise InvalidBody(f"this JSON is nested too deeply; at most {DEEPEST} levels are read", level[0][0][:200])


def _children(path: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, str):
        _refuse_text(path, value)
    elif isinstance(value, int) and abs(value) >= 2**63:
        raise InvalidBody("a whole number this large cannot be kept; numbers have to lie within 64 bits", path)
    elif isinstance(value, dict):
        for key in value:
            _refuse_text(path, key)
        return [(f"{path}.{key}".lstrip("."), child) for key, child in value.items()]
    elif isinstance(value, list):
        return [(f"{path}.{i}", child) for i, child in enumerate(value)]
    return []


def _refuse_text(path: str, text: str) -> None:
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidBody("text may not hold NUL characters or halves of surrogate pairs", path)


def _refuse_number(text: str) -> float:
    raise ValueError(f"{text} is no number that JSON knows")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is too large a number")
    return value
