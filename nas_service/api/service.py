"""What every route works with, wired once by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from nas_service.campaigns import Campaigns
from nas_service.coordinator import Coordinator
from nas_service.finalists import Finalists
from nas_service.local_agent import LocalAgent
from nas_service.settings import Settings
from nas_service.store import Store
from nas_service.webhooks import Webhooks
from workers.artifacts import ArtifactStore
from workers.dispatchers import Dispatcher

from .feed import Feed
from .held import Held
from .kept import Kept
from .sessions import Sessions


@dataclass(frozen=True)
class Service:
    """The parts of a running service. `clock` gives seconds since the epoch."""

    settings: Settings
    store: Store
    dispatcher: Dispatcher
    coordinator: Coordinator
    artifacts: ArtifactStore
    feed: Feed
    held: Held
    webhooks: Webhooks
    sessions: Sessions
    campaigns: Campaigns
    finalists: Finalists
    local_agent: LocalAgent
    clock: Callable[[], float]
    kept: Kept = field(default_factory=Kept)

    def start(self) -> None:
        if self.settings.coordinate:
            self.coordinator.start()
            self.webhooks.start()
            self.finalists.start()
            self.local_agent.start()
        self.feed.start()

    def stop(self) -> None:
        """First what writes, then what works, then the database."""
        self.feed.stop()
        self.webhooks.stop()
        self.finalists.stop()
        self.local_agent.stop()
        self.coordinator.stop()
        self.dispatcher.close()
        self.store.close()


async def _service(request: Request) -> Service:  # a coroutine, for what waits for nothing needs no thread
    service: Service = request.app.state.service
    return service


Here = Annotated[Service, Depends(_service)]
