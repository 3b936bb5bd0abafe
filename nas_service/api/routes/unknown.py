"""Paths of `/api` that lead nowhere: answered here, before the dashboard could answer with its page."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def refusing(known: Sequence[BaseRoute]) -> APIRouter:
    """A router for what none of the `known` routes serves: 404, or 405 where the path has other methods."""
    router = APIRouter()

    @router.api_route("/api", methods=METHODS, include_in_schema=False)
    @router.api_route("/api/{path:path}", methods=METHODS, include_in_schema=False)
    def unknown(request: Request, path: str = "") -> None:
        allowed = [method for method in METHODS if _served(known, request, method)]
        if allowed:
            detail = f"{request.method} does not go here; allowed: {', '.join(allowed)}"
            raise HTTPException(405, detail, {"Allow": ", ".join(allowed)})
        raise HTTPException(404, f"there is nothing at /api/{path[:200]}; /docs lists what there is")

    return router


def _served(known: Sequence[BaseRoute], request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in known)
