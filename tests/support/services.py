"""The service on a real socket, with workers in its own process that a test can hold back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import empty_stores
import uvicorn
from fastapi import FastAPI

from nas_service.app import create_app
from nas_service.settings import Settings
from workers.artifacts import ArtifactStore
from workers.dispatchers import InlineDispatcher
from workers.requests import EvaluationRequest, Report, ShouldStop
from workers.run import run

SPEC: dict[str, Any] = {
    "space": {
        "name": "mobilenetv3",
        "options": {"backbone": [{"width": 16}, {"width": 24, "depth": 2, "stride": 2}], "resolution": [16, 24, 32]},
    },
    "task": {"name": "landscape"},
    "objective": {"cost": "macs", "target": 2e6, "limits": {"macs": 5e6}},
    "budget": {"trials": 20},
    "workers": {"parallel": 2},
}
WANN: dict[str, Any] = {
    "name": "cubes & <balls>",
    "space": {"name": "wann"},
    "task": {"name": "landscape", "kind": "vector", "channels": 5, "outputs": 2, "sizes": [1, 1]},
    "objective": {"reward": "metric", "cost": "params"},
    "strategy": {"name": "evolution", "population": 4, "sample": 2},
    "budget": {"trials": 8},
}
ENDLESS = SPEC | {"task": SPEC["task"] | {"seconds": 0.02}, "budget": {"trials": 100_000}}  # leaves time to others
MODEL, CARD, INT8, SCRIPT = b"a network", b"# a card", b"a smaller network", b"# a script"


@dataclass
class Workers:
    """A runner that begins a trial only while `open` is set, and whose exports store `MODEL` and `CARD` or fail."""

    open: threading.Event = field(default_factory=threading.Event)
    failing: bool = False

    def __post_init__(self) -> None:
        self.open.set()

    def __call__(self, request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
        while not self.open.wait(0.01):
            if should_stop():
                return
        yield from self._export(request) if request.kind == "export" and not self.failing else run(request, should_stop)

    def _export(self, request: EvaluationRequest) -> Iterator[Report]:
        who = (request.request_id, request.attempt, request.trials[0].trial_id)
        store = ArtifactStore(request.artifacts)
        files = {"model.onnx": store.put(MODEL, ".onnx"), "model_card.md": store.put(CARD, ".md")}
        if request.options["int8"]:
            files["model_int8.onnx"] = store.put(INT8, ".onnx")
        if request.options["normalise"]:
            files["run.py"] = store.put(SCRIPT, ".py")
        yield Report(*who, "progress", 1, {"val_accuracy": 0.5})
        yield Report(*who, "completed", 2, {"test_accuracy": 0.9, "latency_ms": 0.1}, files, {"parity": 1e-6})


@dataclass(frozen=True)
class Live:
    url: str
    app: FastAPI
    workers: Workers


@contextmanager
def live(
    home: Path, *, page: bool = False, database: str = "", change: Callable[[FastAPI], None] | None = None
) -> Iterator[Live]:
    """A running service with its state under `home`, or in another `database`; `change` alters it before it runs."""
    workers, file = Workers(), home / "nas.sqlite"
    if not database and not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        empty_stores.migrated(file)  # as the service would, in more time
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings = Settings(home=home, database_url=database, port=listener.getsockname()[1], page=page)
        app = create_app(settings, dispatcher=InlineDispatcher(2, runner=workers))
        if change is not None:
            change(app)
        config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield Live(f"http://127.0.0.1:{settings.port}", app, workers)
        finally:
            server.should_exit = True
            workers.open.set()
            thread.join(20)
