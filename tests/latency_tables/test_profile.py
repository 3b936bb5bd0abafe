"""Profiling real micro networks with onnxruntime, and going on after kill -9."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from math import inf
from pathlib import Path

import numpy as np
import pytest

from device_agent import rounds
from device_agent.files import Taken
from device_agent.machine import Device
from device_agent.setting import Setting
from latency_tables import LatencyTable, TableError, forecast, load, profile_space, survey, suspects
from latency_tables.subjects import REFERENCE
from search_spaces import BoundSpace, Signature, get_space

SIGNATURE = Signature("image", 1, 10, (8, 64))


@pytest.fixture
def profile(tmp_path, moment):
    """Profiles a space into a table under `tmp_path`, with a generator that starts the same each time."""

    def run(space: BoundSpace, **options) -> LatencyTable:
        given = {"device": "here", "path": tmp_path / "here-1t.json", "networks": 5, "protocol": moment}
        return profile_space(space, rng=np.random.default_rng(0), progress=lambda _: None, **(given | options))

    return run


@pytest.fixture
def visits(monkeypatch) -> list[str]:
    """The subject of each visit that was really made, but for the reference; nothing is in doubt afterwards."""
    made: list[str] = []
    original = rounds._visit

    def visit(name, *arguments):
        original(name, *arguments)
        made.extend([name] if name != REFERENCE.name else [])

    monkeypatch.setattr(rounds, "_visit", visit)
    monkeypatch.setattr(survey, "NOISY", inf)
    monkeypatch.setattr(suspects, "CLEARLY", inf)
    return made


def test_a_table_that_prices_the_whole_space(profile, tiny_space, all_networks, tmp_path):
    table = profile(tiny_space)
    estimates = [table.estimate(network) for network in all_networks]
    assert not any(estimate.missing for estimate in estimates)
    assert all(0 < e.latency_ms < 100 and e.error_ms > 0 for e in estimates)
    assert len(table.networks) == 5
    assert table.mismatch() is None
    assert load(tmp_path / "here-1t.json") == table
    assert not (tmp_path / "here-1t.journal").exists()


def test_a_second_space_extends_the_table(profile, tiny_space, visits, moment):
    first = profile(tiny_space)
    before = len(visits)
    assert profile(tiny_space) == first
    assert len(visits) == before
    larger = get_space("mobilenetv3", **tiny_space.options.model_dump() | {"kernel": [3, 5, 7]}).bind(SIGNATURE)
    second = profile(larger)
    assert first.entries.items() < second.entries.items()
    assert set(first.networks) < set(second.networks)
    new_subjects = 2 * (len(second.entries) - len(first.entries)) + len(second.networks) - len(first.networks)
    assert second.reference == first.reference
    assert len(visits) - before == moment.visits * new_subjects


def test_what_does_not_fit_a_budget_is_measured_by_a_second_call(profile, tiny_space, all_networks, monkeypatch):
    monkeypatch.setattr(forecast, "FEWEST_OPS", 1)
    monkeypatch.setattr(forecast.Pace, "seconds", lambda _, visits: len(visits) / 2)
    first = profile(tiny_space, budget_s=(5 / 2 + 5) / forecast.SPARE + 0.01)
    assert len(first.entries) == 5
    second = profile(tiny_space, budget_s=10)
    assert second.entries.items() > first.entries.items()
    assert set(second.entries) == {op.key for network in all_networks for op in network.ops}
    assert second.networks == first.networks


def test_fresh_forgets_what_was_there(profile, tiny_space):
    profile(get_space("mobilenetv3", **tiny_space.options.model_dump() | {"kernel": [7]}).bind(SIGNATURE), networks=4)
    again = profile(tiny_space, fresh=True)
    assert not any("kernel=7" in key for key in again.entries)


def test_a_table_of_another_runtime_is_not_extended(profile, tiny_space, made_up, tmp_path, monkeypatch):
    made_up.save(tmp_path / "here-1t.json")
    with pytest.raises(TableError, match=r"measured on a CPU, and this is .*--fresh"):
        profile(tiny_space)
    monkeypatch.setattr(Device, "here", lambda _: made_up.device)
    with pytest.raises(TableError, match="threads 1 where 2 runs here"):
        profile(tiny_space, setting=Setting(2))
    assert load(tmp_path / "here-1t.json") == made_up


def test_a_space_too_small_to_calibrate_on(profile, tiny_space, visits):
    single = get_space("mobilenetv3", **tiny_space.options.model_dump() | {"kernel": [3], "se": [False]})
    with pytest.raises(TableError, match="only 2 different networks"):
        profile(single.bind(SIGNATURE))
    assert visits == []


CHILD = """
import os, signal, sys
from pathlib import Path
import numpy as np
from latency_tables import profile_space
from device_agent.measure import Protocol
from search_spaces import Signature, get_space
space = get_space("mobilenetv3", **{options}).bind(Signature("image", 1, 10, (8, 64)))
profile_space(
    space, device="here", path=Path(sys.argv[1]), networks=5, rng=np.random.default_rng(0),
    protocol={protocol}, progress=lambda p: p.total - p.done > 20 or os.kill(os.getpid(), signal.SIGKILL),
)
"""


def _killed_midway(path: Path, code: str) -> None:
    """Runs a profile in a process of its own, which is killed when 20 steps are left."""
    child = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert child.returncode == -signal.SIGKILL


def test_two_profiles_of_one_table_do_not_share_a_journal(profile, tiny_space, visits, tmp_path, moment):
    """The first is a process of its own, and stands still in the middle of its visits."""
    path = tmp_path / "here-1t.json"
    code = CHILD.replace("os.kill(os.getpid(), signal.SIGKILL)", "(print('half way', flush=True), sys.stdin.read())")
    code = code.replace("{options}", repr(tiny_space.options.model_dump())).replace("{protocol}", repr(moment))
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "half way\n"
        journal = path.with_suffix(".journal").read_text()
        with pytest.raises(Taken, match=rf"another profile of here-1t\.json is under way, process {first.pid};"):
            profile(tiny_space)
        assert path.with_suffix(".journal").read_text() == journal
        first.communicate()
    assert first.returncode == 0
    table = load(path)
    assert not visits
    assert profile(tiny_space) == table


def test_goes_on_after_kill_9(profile, tiny_space, visits, tmp_path, moment):
    path = tmp_path / "here-1t.json"
    options = tiny_space.options.model_dump()
    _killed_midway(path, CHILD.replace("{options}", repr(options)).replace("{protocol}", repr(moment)))
    assert not path.exists()
    journal = path.with_suffix(".journal")
    with journal.open("ab") as file:
        file.truncate(journal.stat().st_size - 5)  # as a kill between two writes of one line would leave it
    lines = journal.read_text().splitlines()[1:-1]
    kept = sum(json.loads(line)[0] != REFERENCE.name for line in lines)
    table = profile(tiny_space)
    wanted = moment.visits * (2 * len(table.entries) + len(table.networks))
    assert len(visits) == wanted - kept
    assert 0 < len(visits) < 25
    assert load(path) == table
