"""Every route under `/api/v1`, a module a noun. Routes translate; what they do stands in the functions they call."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from nas_service.api.callers import BY_METHOD

from . import (
    agent,
    campaigns,
    candidates,
    catalogue,
    comparison,
    devices,
    events,
    exports,
    jobs,
    login,
    operation,
    searching,
    trials,
    unknown,
)

MODULES = (jobs, comparison, events, candidates, trials, searching, exports, catalogue, devices, campaigns, operation)


def install(app: FastAPI) -> None:
    """Include all routers; the one that refuses other paths of `/api` comes last."""
    v1 = APIRouter(prefix="/api/v1", dependencies=BY_METHOD)
    for module in MODULES:
        v1.include_router(module.router)
    app.include_router(v1)
    app.include_router(agent.router)
    app.include_router(agent.program)
    app.include_router(operation.probes)
    app.include_router(login.router)
    app.include_router(unknown.refusing(list(app.routes)))
