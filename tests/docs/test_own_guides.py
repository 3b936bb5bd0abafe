"""The guides for one's own space, task, strategy and device are followed word by word, each in a folder of its own."""

from __future__ import annotations

import ast
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import plugin_package
import pytest
from guides import Step, follow, steps
from processes import Server

MODULES = {"own-search-space.md": "ladder.py", "own-task.md": "layer_scores.py", "own-strategy.md": "climber.py"}


@dataclass(frozen=True)
class Reader:
    """Someone with an empty folder and `nas` on the path, whose `pip install` goes into a folder of their own."""

    folder: Path
    service: Server

    @property
    def environment(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        pip = {"PIP_TARGET": os.environ["PYTHONPATH"], "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1"}
        offline = {"PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}  # "0": without isolation
        served = self.service.environment | {"NAS": self.service.url}
        return served | pip | offline | {"PATH": path, "NAS_HOME": str(self.folder / "nas-data")}

    def follow(self, step: Step) -> str:
        if step.text.startswith("nas serve"):
            self.service.start()
            return ""
        return follow(step, self.folder, self.environment)


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "installed"))
    folder = tmp_path / "reader"
    folder.mkdir()
    service = Server(tmp_path / "service", ("--inline", "2"))
    yield Reader(folder, service)
    if service.url:
        service.stop()


@pytest.fixture
def only_job(reader: Reader) -> Callable[[], dict[str, object]]:
    """The one job of the reader's service, which has found something."""

    def job() -> dict[str, object]:
        (job,) = reader.service.nas_json("jobs")
        assert job["state"] in ("finished", "exhausted")
        assert job["failed"] == 0
        assert job["best_reward"] > 0
        return job

    return job


@pytest.mark.parametrize("guide", MODULES)
def test_the_code_is_short_and_that_of_the_tested_package(guide: str) -> None:
    (shown,) = [step.text for step in steps(guide) if step.name == MODULES[guide]]
    assert sum(bool(line.strip()) for line in shown.splitlines()) < 30
    tested = (plugin_package.SOURCE / "nas_example" / MODULES[guide]).read_text()
    docstring, *body = ast.parse(tested).body
    assert isinstance(docstring, ast.Expr)
    assert ast.dump(ast.Module(body, [])) == ast.dump(ast.parse(shown))


@pytest.mark.parametrize(
    ("guide", "part", "name"),
    [
        ("own-search-space.md", "space", "ladder"),
        ("own-task.md", "task", "layer-scores"),
        ("own-strategy.md", "strategy", "climber"),
    ],
)
def test_own_space_task_and_strategy(
    reader: Reader, only_job: Callable[[], dict[str, object]], guide: str, part: str, name: str
) -> None:
    said = {step.text: reader.follow(step) for step in steps(guide)}
    assert [line.split()[-1] for line in said["nas plugins"].splitlines() if line.startswith(name)] == ["ok"]
    assert only_job()[part] == name


def test_own_device(reader: Reader, only_job: Callable[[], dict[str, object]]) -> None:
    said = {step.text: reader.follow(step) for step in steps("own-device.md")}
    (listed,) = json.loads(said["curl -sf $NAS/api/v1/devices"])
    assert (listed["name"], listed["problem"], listed["ops"] > 0) == ("pi4", "", True)
    assert "intervals    hold" in said["nas finalists $(cat job.txt) --wait --server $NAS"]
    assert "zero" in said["nas device list"]
    assert "5 ops" in said["nas device import phone blocks.csv --precision int8 --error 0.15"]
    assert json.loads((reader.folder / "nas-data" / "tables" / "desk-1t.json").read_text())["device"]["name"] == "desk"
    assert only_job()["device"] == "pi4"
