"""A dashboard as a process of its own: the same pages, of a service that answers elsewhere."""

from __future__ import annotations

from fastapi import FastAPI

from nas_service.api import problems
from nas_service.api.guard import Guard
from nas_service.api.hosts import Hosts
from nas_service.api.routes import login

from .. import mount
from .elsewhere import Elsewhere, RemoteDoor, passing_on


def create_dashboard(service: Elsewhere, hosts: Hosts) -> FastAPI:
    """The dashboard as an ASGI application. It keeps nothing but who is logged in."""
    app = FastAPI(title="nas-service dashboard", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.door = RemoteDoor(service, hosts)
    app.add_middleware(Guard, door=lambda: app.state.door)
    problems.install(app)
    app.include_router(login.router)
    app.include_router(passing_on(service))
    app.add_api_route("/healthz", _healthz, methods=["GET"])
    mount(app, service)
    return app


async def _healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}
