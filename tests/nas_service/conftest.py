"""One service a module, and ways to talk to it; a store without a service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import empty_stores
import httpx
import pytest
import services
from searches import Lab
from services import SPEC, Live

from nas_service.client import Client
from nas_service.store import Store


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home: Path = tmp_path_factory.mktemp("home")
    with services.live(home) as running:
        yield running


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Live]:
    """A service of a test's own."""
    with services.live(tmp_path / "home") as running:
        yield running


@pytest.fixture(scope="module")
def http(live: Live) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live.url, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def client(live: Live) -> Iterator[Client]:
    with Client(live.url) as connected:
        yield connected


@pytest.fixture(scope="module")
def finished(live: Live) -> str:
    """The id of a job that has ended."""
    with Client(live.url) as connected:
        return connected.wait(connected.submit(SPEC).id).id


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    """An empty store, where one kind of database is as good as the other."""
    opened = empty_stores.opened(tmp_path / "nas.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def kind_of_store() -> type[Store]:
    """Of a laboratory; a module may have its own."""
    return Store


@pytest.fixture
def kind_of_database() -> str:
    """Of a laboratory; a module may have both."""
    return "sqlite"


@pytest.fixture
def make_lab(
    tmp_path: Path, kind_of_store: type[Store], kind_of_database: str, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Lab]]:
    """Laboratories, each with a database of its own."""
    opened: list[Lab] = []

    def make(**parts: Any) -> Lab:
        if kind_of_database == "sqlite":
            store = empty_stores.opened(tmp_path / f"{len(opened)}.sqlite", kind_of_store)
        else:
            store = kind_of_store(request.getfixturevalue("postgres").migrated())
        opened.append(Lab(store, **parts))
        return opened[-1]

    yield make
    for lab in opened:
        lab.dispatcher.close()
        lab.store.close()
