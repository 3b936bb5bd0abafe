"""Paths of `/api` that lead nowhere: answered here, before the dashboard could answer with its page."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.routing import Match

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

router = APIRouter()


@router.api_route("/api/{path:path}", methods=METHODS, include_in_schema=False)
def unknown(path: str, request: Request) -> None:
    """404, or 405 where the path has other methods."""
    allowed = [method for method in METHODS if _serves(request, method)]
    if allowed:
        detail = f"{request.method} does not go here; allowed: {', '.join(allowed)}"
        raise HTTPException(405, detail, {"Allow": ", ".join(allowed)})
    raise HTTPException(404, f"there is nothing at /api/{path[:200]}; /docs lists what there is")


def _serves(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    others = (route for route in request.app.routes if getattr(route, "original_router", None) is not router)
    return any(route.matches(scope)[0] is Match.FULL for route in others if getattr(route, "path", "/api") != "")
