"""How the service refuses: `application/problem+json` (RFC 9457) for every error of every `/api` path."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from nas_service.errors import ServiceError
from nas_service.store import disk_is_full

from .views import Problem

MEDIA_TYPE = "application/problem+json"
RETRY_S = 2  # what a client is asked to wait while the database is away

log = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Make every exception of this application a problem."""
    app.add_exception_handler(ServiceError, answer)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OperationalError, answer)
    app.add_exception_handler(Exception, _internal)


def problem(
    status: int, title: str, detail: str, field: str = "", headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The response that says so."""
    body = Problem(title=title, status=status, detail=detail, field=field).model_dump()
    return JSONResponse(body, status, headers, MEDIA_TYPE)


async def answer(_: Request, error: Exception) -> Response:
    """What a refusal says, or a database that is away or has no room."""
    if isinstance(error, OperationalError):
        return _disk_full(error) if disk_is_full(error) else _database_away(error)
    if not isinstance(error, ServiceError):
        raise error
    return problem(error.status, error.title, error.detail, error.field, error.headers)


async def _invalid(_: Request, error: Exception) -> Response:
    """A path, query or header value of the wrong type; bodies are checked by `bodies` and `admission`."""
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    return problem(422, ServiceError.title, f"{first['msg']}{_offered(first)}", field_path(first["loc"][1:]))


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    phrase = HTTPStatus(error.status_code).phrase
    if not request.url.path.startswith("/api"):
        return PlainTextResponse(error.detail or phrase, error.status_code, error.headers)
    return problem(error.status_code, phrase, error.detail or phrase, headers=error.headers)


def _database_away(error: OperationalError) -> Response:
    log.error("the database did not answer: %s", error)
    detail = "the database does not answer; nothing is lost, try again in a moment"
    return problem(503, "The database is away", detail, headers={"Retry-After": str(RETRY_S)})


def _disk_full(error: OperationalError) -> Response:
    log.error("the disk of the database is full: %s", error.orig)
    detail = "the disk of the database is full, so this could not be stored; try again when there is room"
    return problem(503, "The disk is full", detail, headers={"Retry-After": str(RETRY_S)})


async def _internal(_: Request, error: Exception) -> Response:
    log.error("an error in the service itself", exc_info=error)
    detail = "this is an error in the service itself, not in what was asked; its log has the details"
    return problem(500, "The service failed", detail)


def field_path(parts: Sequence[Any]) -> str:
    return ".".join(map(str, parts))


def _offered(error: Mapping[str, Any]) -> str:
    given = error.get("input")
    return f", not {given!r}" if isinstance(given, str) and len(given) <= 40 and given.isprintable() else ""
