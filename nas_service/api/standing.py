"""Whether who opened a stream may still read it: a key that is revoked, or has expired, ends what it opened."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from nas_service.access import Caller

from .door import asks_for_keys, verified
from .service import Service

EVERY_S = 1.0  # a busy stream asks no more often


class Standing:
    """Of one caller, on one stream."""

    def __init__(self, service: Service, caller: Caller) -> None:
        self._service, self._caller = service, caller
        self._asked_at = service.clock()  # the request itself was admitted just now

    async def holds(self) -> bool:
        now = self._service.clock()
        if 0 <= now - self._asked_at < EVERY_S:
            return True
        self._asked_at = now
        return await run_in_threadpool(self._ask)

    def _ask(self) -> bool:
        if self._caller.key:
            return verified(self._service, self._caller.key) is not None
        return not asks_for_keys(self._service)
