"""The composition root: store, dispatcher, coordinator, API and dashboard, built and wired here and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from workers.artifacts import ArtifactStore
from workers.dispatchers import Dispatcher

from .api import problems, routes
from .api.bodies import BodyLimit
from .api.conditional import Conditional
from .api.description import DescribedApi
from .api.device_changes import DeviceChanges
from .api.door import ServiceDoor
from .api.feed import Feed
from .api.guard import Guard
from .api.held import Held
from .api.service import Service
from .api.sessions import Sessions
from .campaigns import Campaigns
from .coordinator import Coordinator
from .finalists import Finalists
from .local_agent import LocalAgent
from .retention import DiskBudget
from .settings import Settings
from .store import Store
from .store.clock import DatabaseClock
from .webhooks import Webhooks


def create_app(
    settings: Settings,
    *,
    dispatcher: Dispatcher | None = None,
    clock: Callable[[], float] | None = None,
) -> FastAPI:
    """The service as an ASGI application; it runs jobs while its lifespan lasts, where `settings.coordinate` says so.

    `dispatcher` is Ray (at `settings.ray_address`, or a local one) unless given. `clock` gives seconds since the epoch,
    by the database's clock unless given.
    """
    service = _service(settings, dispatcher or _ray(settings), clock)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        await run_in_threadpool(service.stop)

    app = DescribedApi(title="nas-service", version=version("nas-service"), lifespan=lifespan)
    app.state.service, app.state.door = service, ServiceDoor(service)
    app.add_middleware(Conditional)
    app.add_middleware(BodyLimit, limit=settings.max_request_bytes)
    app.add_middleware(Guard, door=lambda: app.state.door)  # around the other: what is refused is not read
    problems.install(app)
    routes.install(app)
    if settings.page:
        _mount_dashboard(app)
    return app


def _service(settings: Settings, dispatcher: Dispatcher, given: Callable[[], float] | None) -> Service:
    store = Store(settings.database)
    store.migrate()
    clock = given or DatabaseClock(store)
    artifacts = ArtifactStore(settings.artifact_url)
    disk = DiskBudget(store, artifacts, settings.artifact_budget_bytes)
    coordinator = Coordinator(store, dispatcher, settings.tables, settings.artifact_url, clock, settings.lease_s, disk)
    campaigns = Campaigns(store, dispatcher, settings.tables)

    def leads() -> bool:
        return coordinator.keeps_house

    return Service(
        settings,
        store,
        dispatcher,
        coordinator,
        artifacts,
        Feed(store, DeviceChanges(settings.tables, campaigns.seen)),
        Held(store),
        Webhooks(store, settings.hosts_for_webhooks, clock, leads),
        Sessions(clock),
        campaigns,
        Finalists(store, campaigns, clock, leads),
        LocalAgent(campaigns, clock, leads),
        clock,
    )


def _ray(settings: Settings) -> Dispatcher:
    from workers.dispatchers.ray_dispatcher import RayDispatcher  # takes a second to import

    return RayDispatcher(settings.ray_address)


def _mount_dashboard(app: FastAPI) -> None:
    from .dashboard import mount  # takes a second to import

    mount(app)
