"""`nas wann figures`: the paper's figures of a file or a candidate, on the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from services import SPEC, Live

from nas_service.client import Client
from search_spaces import Signature, get_space

Nas = Callable[..., tuple[int, str, str]]
SHORT = ("--option", "max_steps=20", "--trials", "5")
SWING_UP = SPEC | {
    "space": {"name": "wann"},
    "task": {"name": "cartpole-swingup", "max_steps": 20, "repetitions": 1},
    "objective": {"reward": "metric", "cost": "params"},
    "budget": {"trials": 2},
}


@pytest.fixture
def genotype(tmp_path: Path) -> Path:
    space = get_space("wann", init_enabled=1.0).bind(Signature("vector", 5, 1, (1, 1)))
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(space.sample(np.random.default_rng(0))))
    return path


def test_the_figures_of_a_file_are_shown_and_charted(nas: Nas, genotype: Path, tmp_path: Path) -> None:
    chart = tmp_path / "curve.svg"
    told = nas("wann", "figures", genotype, "--task", "cartpole-swingup", *SHORT, "--curve", chart)
    assert told[0] == 0, told[2]
    assert "random shared" in told[1]
    assert "best shared weight" in told[1]
    assert "tuned weights" not in told[1]
    assert "reward over the shared weight" in chart.read_text()


def test_weights_are_tuned_for_programs_too(nas: Nas, genotype: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.out"
    nas("wann", "convert", genotype, out)
    asked = ("--task", "cartpole-swingup", *SHORT, "--generations", "2", "--json")
    by_json, by_out = (nas("wann", "figures", file, *asked) for file in (genotype, out))
    assert by_json == by_out
    found = json.loads(by_json[1])
    assert list(found["figures"]) == ["random_weights", "random_shared", "tuned_shared", "tuned_weights"]
    assert len(found["weights"]) == 6


def test_a_candidate_is_tried_at_its_job_s_task(nas: Nas, live: Live, client: Client) -> None:
    job = client.wait(client.submit(SWING_UP).id)
    candidate = next(iter(client.candidates(job.id)))
    told = nas("wann", "figures", candidate.id, "--trials", "3", "--json", "--server", live.url)
    assert told[0] == 0, told[2]
    assert 0 < json.loads(told[1])["figures"]["tuned_shared"]["mean"] <= 20


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "--task is missing"),
        (("--task", "landscape"), "does not try weight agnostic networks"),
        (("--task", "digits-vector"), "needs a network of 64 inputs and 10 outputs; this one has 5 and 1"),
        (("--task", "cartpole-swingup", "--option", "hard"), "expected NAME=VALUE"),
        (("--task", "cartpole-swingup", "--option", "max_steps=0"), "task.max_steps"),
        (("--task", "chess"), "there is no task 'chess'"),
    ],
)
def test_what_cannot_be_tried_says_why(nas: Nas, genotype: Path, arguments: tuple[str, ...], says: str) -> None:
    code, _, error = nas("wann", "figures", genotype, *arguments)
    assert code == 2
    assert says in error
