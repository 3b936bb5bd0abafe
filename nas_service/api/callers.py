"""What the sender of a request may do: by the scope of its key for each method, and with jobs by their owner."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from nas_service.access import Caller, Scope
from nas_service.errors import Forbidden
from nas_service.store import campaigns, candidates, jobs

from .hosts import SAFE
from .paging import Id
from .service import Here, Service


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


Who = Annotated[Caller, Depends(_caller)]


def _needs(caller: Caller, scope: Scope) -> None:
    if not caller.scope.covers(scope):
        raise Forbidden(f"this needs a key of scope {scope}; yours is one of scope {caller.scope}")


async def _by_method(request: Request, caller: Who) -> None:
    _needs(caller, Scope.READ if request.method in SAFE else Scope.SUBMIT)


async def _admin(caller: Who) -> None:
    _needs(caller, Scope.ADMIN)


_DOCUMENTED = HTTPBearer(auto_error=False, description="an API key, where the service asks for one (docs/access.md)")
BY_METHOD = [Depends(_DOCUMENTED), Depends(_by_method)]  # for every route of the API: reading, or changing something
ADMIN = [Depends(_admin)]  # beside it, for what is of the whole service and of no owner


async def _agent(caller: Who) -> None:
    _needs(caller, Scope.MEASURE)


AGENT = [Depends(_DOCUMENTED), Depends(_agent)]  # for what devices and the service say to each other


def _own_job(job_id: Id, caller: Who, service: Here) -> str:
    _refuse_others(service, job_id, caller)
    return job_id


def _own_candidate(candidate_id: Id, caller: Who, service: Here) -> str:
    with service.store.read() as conn:
        job_id = candidates.get(conn, candidate_id).job_id
    _refuse_others(service, job_id, caller)
    return candidate_id


OwnJob = Annotated[str, Depends(_own_job)]  # the id of a job that the caller may change; 404 and 403 come first
OwnCandidate = Annotated[str, Depends(_own_candidate)]


def own_campaign(service: Service, campaign_id: str, caller: Caller) -> None:
    """Raises NotFound, and Forbidden for a campaign of another owner."""
    with service.store.read() as conn:
        owner = campaigns.get(conn, campaign_id).owner
    if not caller.may_change(owner):
        raise Forbidden(f"campaign {campaign_id} is another owner's; you can read it")


def _refuse_others(service: Service, job_id: str, caller: Caller) -> None:
    """Raises NotFound, and Forbidden for a job of another owner; that of a job never changes."""
    with service.store.read() as conn:
        owner = jobs.get(conn, job_id).owner
    if not caller.may_change(owner):
        whose = f"is {owner}'s" if owner else "was submitted before there were keys"
        raise Forbidden(f"job {job_id} {whose}; you can read it, and change jobs of your own ({caller.owner})")
