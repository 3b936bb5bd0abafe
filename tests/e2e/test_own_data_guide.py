"""The guide to one's own data, followed word by word; its search in earnest is submitted, not run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from guides import follow, newest_job, steps
from image_sets import pictures
from processes import Server

from nas_service.admission import admit

GUIDE = "own-data.md"


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Server]:
    """What `nas serve &` starts, with the data roots that the reader has set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NAS_DATA_ROOTS", str(folder / "data"))
        running = Server(folder / "nas-data", options=("--inline", "1"))
        running.start()
        yield running
        running.stop()


def test_own_data(folder: Path, service: Server, environment: dict[str, str]) -> None:
    for step in steps(GUIDE):
        if step.text.startswith("nas serve"):
            continue  # it runs already
        follow(step, folder, environment | newest_job(service))
    with service.client() as client:
        states = [job.state for job in client.jobs_page(limit=10).items]
    assert states == ["finished", "finished"]
    card = (folder / "winner" / "model_card.md").read_text()
    assert "test macro f1" in card
    assert list((folder / "nas-data" / "cache").glob("*.npy"))


def test_the_search_in_earnest_is_one_that_the_service_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = pictures(60, side=32)
    np.savez(tmp_path / "colour.npz", x_train=x, y_train=y)
    monkeypatch.setenv("NAS_DATA_ROOTS", str(tmp_path))
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))
    spec = yaml.safe_load(next(step.text for step in steps(GUIDE) if step.name == "colour.yaml"))
    search = admit(spec | {"device": None, "objective": {"cost": "macs", "target": 5e6}}, tmp_path)
    assert search.task.signature.outputs == 3
