"""One running service for all of it: `nas serve` with Ray, and a table that was measured on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from digits_search import SEARCH, SPACE
from guides import surroundings
from processes import Server

from latency_tables import LatencyTable, load, table_path
from nas_service.client import Client
from search_spaces import get_space
from workers.tasks import get_task


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("service"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Mapping[str, Any]], Path]:
    """Writes a job spec into a YAML file of its own."""
    folder = tmp_path_factory.mktemp("specs")

    def write(spec: Mapping[str, Any]) -> Path:
        path = folder / f"{len(list(folder.iterdir()))}.yaml"
        path.write_text(yaml.safe_dump(dict(spec)))
        return path

    return write


@pytest.fixture(scope="session")
def table(server: Server, written: Callable[[Mapping[str, Any]], Path]) -> LatencyTable:
    """Measured with `nas device profile`, as the README says."""
    server.nas("device", "profile", "local", "--for", written(SEARCH))
    return load(table_path(server.home / "tables", "local"))


@pytest.fixture(scope="session")
def limit_ms(table: LatencyTable) -> float:
    """A latency that about half of all architectures keep, error bar included."""
    space = get_space(SPACE["name"], **SPACE["options"]).bind(get_task("digits").signature)
    rng = np.random.default_rng(0)
    estimates = [table.estimate(space.architecture(space.sample(rng))) for _ in range(200)]
    return float(np.median([e.latency_ms + e.error_ms for e in estimates]))


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with server.client() as connected:
        yield connected


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the reader of a guide works."""
    return tmp_path_factory.mktemp("reader")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Server]:
    """What `nas serve &` starts, with its state where the reader's commands keep theirs, and the reader's data root."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NAS_DATA_ROOTS", str(folder / "data"))
        running = Server(folder / "nas-data")
        running.start()
        yield running
        running.stop()


@pytest.fixture(scope="module")
def environment(service: Server) -> dict[str, str]:
    """`nas` on the path, at the port of this service; COLUMNS so that no id is wrapped."""
    return surroundings(service)
