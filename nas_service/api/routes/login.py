"""Logging in and out, for browsers: a form posts the key, and a cookie stands for it from then on."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from nas_service.api import login_page
from nas_service.api.door import AtDoor
from nas_service.api.sessions import COOKIE

router = APIRouter(include_in_schema=False)


@router.get("/login")
def form() -> Response:
    """The form."""
    return login_page.shown("/", status=200)


@router.post("/login")
async def log_in(request: Request, door: AtDoor) -> Response:
    """Begin a session, or show the form again."""
    sent = {name: values[0] for name, values in parse_qs((await request.body()).decode(errors="replace")).items()}
    key, page = sent.get("key", "").strip(), sent.get("page", "/")
    if await door.known(key) is None:
        return login_page.shown(page, "This key opens nothing here.")
    answer = RedirectResponse(login_page.allowed(page), 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, door.sessions.begin(key), secure=secure, httponly=True, samesite="strict")
    return answer


@router.post("/logout")
def log_out(request: Request, door: AtDoor) -> Response:
    """End the session."""
    door.sessions.end(request.cookies.get(COOKIE))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer
