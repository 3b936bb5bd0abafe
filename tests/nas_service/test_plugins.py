"""A package of a user's own: its space, task and strategy are searched, and its broken plug-in hurts nobody."""

from __future__ import annotations

import runpy
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import plugin_package
import pytest
import yaml
from processes import Server

ROOT = Path(__file__).parents[2]
WHY = "importing nas_example.broken:Broken failed with ImportError: libfictional.so is not installed"
SPEC: dict[str, Any] = {
    "name": "a space, a task and a strategy of one's own",
    "space": {"name": "ladder", "options": {"resolution": 16}},
    "task": {"name": "layer-scores"},
    "objective": {"reward": "metric", "cost": "macs", "limits": {"macs": 150_000}},
    "strategy": {"name": "climber", "start": 6},
    "budget": {"trials": 30},
    "workers": {"parallel": 2},
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plugin_package.install(tmp_path_factory.mktemp("plugins"))


@contextmanager
def serving(site: Path, home: Path, *options: str) -> Iterator[Server]:
    """A service, and commands beside it, that see what is installed in `site`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(site))
        server = Server(home, options)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="module")
def inline(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(site, tmp_path_factory.mktemp("inline"), "--inline", "2") as server:
        yield server


def written(folder: Path, spec: dict[str, Any]) -> Path:
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump(spec))
    return path


def best_score(limit: int) -> float:
    """The best of all 64 networks that keep the limit, from the table and the arithmetic of two convolutions."""
    scores = runpy.run_path(str(plugin_package.SOURCE / "nas_example" / "layer_scores.py"))["SCORES"]
    networks = (
        (64 * c1 * k1**2 + 16 * c1 * c2 * k2**2 + 10 * c2, (first + second) / 2)
        for (c1, k1), first in scores.items()
        for (c2, k2), second in scores.items()
    )
    return max(score for macs, score in networks if macs <= limit)


def assert_found_the_best(job: dict[str, Any]) -> None:
    assert job["state"] in ("finished", "exhausted")
    assert (job["space"], job["task"], job["strategy"], job["failed"]) == ("ladder", "layer-scores", "climber", 0)
    assert job["best_reward"] == pytest.approx(best_score(SPEC["objective"]["limits"]["macs"]))


def test_a_search_of_plug_ins_alone_from_the_command_line(inline: Server, tmp_path: Path) -> None:
    assert_found_the_best(inline.nas_json("submit", written(tmp_path, SPEC), "--wait"))


def test_ray_workers_see_the_plug_ins_too(site: Path, tmp_path: Path) -> None:
    with serving(site, tmp_path / "home") as server:
        assert_found_the_best(server.nas_json("submit", written(tmp_path, SPEC), "--wait"))
        versions = httpx.get(f"{server.url}/api/v1/cluster").json()["versions"]
    assert versions["nas.tasks:layer-scores"] == "1.2"


def test_a_broken_plug_in_is_named_and_the_others_work(inline: Server, tmp_path: Path) -> None:
    listed = {plugin["name"]: plugin for plugin in inline.nas_json("plugins")}
    offered = httpx.get(f"{inline.url}/api/v1/plugins").raise_for_status().json()
    assert sorted(listed.values(), key=str) == sorted(offered, key=str)
    with inline.client() as client:
        assert [asdict(plugin) for plugin in client.plugins()] == offered
    assert {name: plugin["problem"] for name, plugin in listed.items()} == {
        "ladder": "",
        "climber": "",
        "layer-scores": "",
        "broken": WHY,
    }
    assert listed["broken"]["package"] == "nas-example"
    assert f"plug-in 'broken' (nas.tasks) of nas-example 1.2 cannot be used: {WHY}" in inline.log
    assert WHY in " ".join(inline.nas("plugins").split())
    assert WHY in inline.nas("submit", written(tmp_path, SPEC | {"task": {"name": "broken"}}), code=2)
    names = {entry["name"] for entry in httpx.get(f"{inline.url}/api/v1/tasks").json()}
    assert "layer-scores" in names
    assert "broken" not in names


def test_the_conformance_suites_cover_a_plug_in_by_its_being_there(site: Path) -> None:
    suites = ("test_spaces.py", "test_tasks.py", "test_strategies.py")
    options = ("-v", "-p", "no:cacheprovider", "-k", "ladder or layer-scores or climber")
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # without what else is installed for pytest here
    command = [sys.executable, "-m", "pytest", *options, *(f"tests/conformance/{suite}" for suite in suites)]
    done = subprocess.run(
        command, cwd=ROOT, env=plugin_package.seeing(site) | alone, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = Counter(line.partition("::")[0] for line in done.stdout.splitlines() if " PASSED" in line)
    assert [passed[f"tests/conformance/{suite}"] for suite in suites] == [28, 9, 13]
