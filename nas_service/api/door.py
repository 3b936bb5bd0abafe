"""Whom a key lets in. The service's own door asks its database; a dashboard that stands alone asks the service."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Protocol

from fastapi import Depends, Request
from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool

from nas_service import access
from nas_service.access import ANYBODY, Caller
from nas_service.errors import ServiceError, Unauthorised
from nas_service.store import keys

from .hosts import Hosts
from .service import Service
from .sessions import Sessions

METRICS = "/metrics"


class Door(Protocol):
    """Sessions of browsers, names of the machine, and who may come in."""

    sessions: Sessions
    hosts: Hosts

    async def known(self, key: str) -> Caller | None:
        """Whose key this is, None where it opens nothing."""

    async def admit(self, key: str | None, path: str) -> Caller:
        """Who asks for this path with this key, or with none. Raises Unauthorised."""


async def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


AtDoor = Annotated[Door, Depends(_door)]


class ServiceDoor:
    """By the keys in the database of the service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.sessions = service.sessions
        self.hosts = Hosts(service.settings.loopback, service.settings.names)
        self._watching: dict[str | None, Caller] = {}  # the key shown for metrics, or none, to who that is

    async def known(self, key: str) -> Caller | None:
        return await run_in_threadpool(verified, self._service, key)

    async def admit(self, key: str | None, path: str) -> Caller:
        return await run_in_threadpool(self._admit, key, metrics=path == METRICS)

    def _admit(self, shown: str | None, *, metrics: bool) -> Caller:
        """While the database is away, whoever watched before still gets the metrics, for they say that it is."""
        try:
            caller = self._caller(shown)
        except OperationalError:
            if metrics and shown in self._watching:
                return self._watching[shown]
            raise
        except ServiceError:
            self._watching.pop(shown, None)
            raise
        if metrics:
            self._watching[shown] = caller
        return caller

    def _caller(self, shown: str | None) -> Caller:
        known = verified(self._service, shown)
        if known is not None:
            return known
        if asks_for_keys(self._service):
            raise Unauthorised
        return ANYBODY


def verified(service: Service, key: str | None) -> Caller | None:
    """Whose key this is, None where it opens nothing. Notes its use."""
    key_id, at = access.id_of(key or ""), service.clock()
    if key is None or key_id is None:
        return None
    with service.store.read() as conn:
        kept = keys.find(conn, key_id)
    if not access.opens(key, kept, at) or kept is None:
        return None
    if not keys.is_fresh(kept, at):
        with suppress(OperationalError), service.store.write() as conn:  # a full disk is no reason to refuse a reader
            keys.used(conn, key_id, at)
    return Caller(kept.owner, access.Scope(kept.scope), key)


def asks_for_keys(service: Service) -> bool:
    """Since the first key was made; also when none holds any more, for a key that expires must not open the service."""
    with service.store.read() as conn:
        return keys.exist(conn)
