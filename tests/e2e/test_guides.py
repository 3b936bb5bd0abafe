"""Every guide is followed word by word, with the service that the quick start starts."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from guides import follow, steps
from processes import Server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reader")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Server]:
    """What `nas serve &` starts, with its state where the reader's commands keep theirs."""
    running = Server(folder / "nas-data")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def environment(service: Server) -> dict[str, str]:
    """`nas` on the path, at the port of this service; COLUMNS so that no id is wrapped."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return service.environment | {"PATH": path, "NAS": service.url}


def test_quick_start(folder, service, environment):
    for step in steps("quickstart.md"):
        if step.text.startswith("nas serve"):
            continue  # it runs already
        follow(step, folder, environment | _newest_job(service))
    assert (folder / "winner" / "model.onnx").stat().st_size > 1000
    assert "# Image classifier for `digits`" in (folder / "winner" / "model_card.md").read_text()


def test_http(folder, service, environment):
    said = [
        follow(step, folder, environment | _newest_job(service))
        for step in steps("http-api.md")
        if step.language == "console"
    ]
    shown = next(step for step in steps("http-api.md") if step.language == "json")
    assert json.loads(said[-1]) == json.loads(shown.text)


def test_python(folder, service, environment):
    said = [follow(step, folder, environment) for step in steps("python-client.md")]
    assert "finished" in said[0]
    assert said[1].startswith("404 ")


def _newest_job(service: Server) -> dict[str, str]:
    """JOB as a reader would set it from what `submit` printed, once it has ended."""
    with service.client() as client:
        newest = client.jobs_page(limit=1).items
        return {"JOB": client.wait(newest[0].id).id} if newest else {}
