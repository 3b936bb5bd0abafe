"""Whether who opened a stream may still read it: a key that is revoked, or has expired, ends what it opened."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.concurrency import run_in_threadpool

from nas_service.access import Caller

from .door import asks_for_keys, verified
from .service import Service

EVERY_S = 1.0  # a busy stream asks no more often
QUIET_S = 5.0  # and a quiet one no more rarely


class Standing:
    """Of one caller, on one stream."""

    def __init__(self, service: Service, caller: Caller) -> None:
        self._service, self._caller = service, caller
        self._asked_at = service.clock()  # the request itself was admitted just now
        self._held = True

    async def holds(self) -> bool:
        now = self._service.clock()
        if self._held and not 0 <= now - self._asked_at < EVERY_S:
            self._asked_at = now
            self._held = await run_in_threadpool(self._ask)
        return self._held

    async def wait(self, news: asyncio.Event) -> None:
        """Return when there is news, or when the caller may not read it any more."""
        while not news.is_set() and await self.holds():
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), QUIET_S)

    def _ask(self) -> bool:
        if self._caller.key:
            return verified(self._service, self._caller.key) is not None
        return not asks_for_keys(self._service)
