"""The commands that extend, clone and delete jobs and collect artifacts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from services import ENDLESS, SPEC

from nas_service.client import ApiError, Client

Nas = Callable[..., tuple[int, str, str]]


def test_extend_says_where_the_job_ends_now(nas: Nas, client: Client) -> None:
    job = client.wait(client.submit(SPEC | {"budget": {"trials": 3, "hours": 1}}).id).id
    code, out, _ = nas("extend", job, "--trials", 4, "--hours", 0.5)
    assert (code, out) == (0, f"job {job} is queued: it ends after 7 trials or 1.5 hours\n")
    assert client.wait(job).completed == 7


def test_prioritise_says_the_priority(nas: Nas, client: Client) -> None:
    job = client.submit(ENDLESS).id
    assert nas("prioritise", job, 7)[:2] == (0, f"job {job} has priority 7\n")
    client.cancel(job)
    assert "is cancelled" in nas("prioritise", job, 8)[2]


def test_extend_with_a_key_adds_once(nas: Nas, client: Client) -> None:
    job = client.submit(ENDLESS).id
    said = [nas("extend", job, "--trials", 4, "--idempotency-key", "again")[1] for _ in range(2)]
    assert all("it ends after 100004 trials" in one for one in said)
    client.cancel(job)


def test_clone_prints_the_id_of_a_job_with_the_changes(nas: Nas, client: Client, finished: str, tmp_path: Path) -> None:
    patch = tmp_path / "patch.yaml"
    patch.write_text("strategy: {name: random}\nbudget: {trials: 9}\n")
    code, out, _ = nas("clone", finished, "--set", "budget.trials=4", "--set", "seed=7", "--patch", patch)
    assert code == 0
    made = client.job(out.strip())
    assert (made.trials_budget, made.spec["seed"], made.strategy) == (4, 7, "random")
    assert json.loads(nas("clone", finished, "--json")[1])["trials_budget"] == 20


def test_delete_and_gc_say_what_they_did(nas: Nas, client: Client, finished: str) -> None:
    client.wait_for_export(client.export_best(finished).id)
    job = client.wait(client.submit(SPEC | {"budget": {"trials": 2}}).id).id
    assert nas("delete", job)[:2] == (0, f"job {job} is deleted\n")
    with pytest.raises(ApiError, match="no job"):
        client.job(job)
    assert "would be collected: 0 artifacts, 0 bytes\nkept: 2 artifacts" in nas("gc", "--dry-run")[1]
    assert json.loads(nas("gc", "--json")[1])["dry_run"] is False


def test_preview_shows_shares_bars_and_time(nas: Nas, finished: str, tmp_path: Path) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps(SPEC))
    code, out, _ = nas("preview", spec)
    assert code == 0
    assert "of 1,000 sampled architectures meet the limits" in out
    assert "limit      macs 5e+06" in out
    assert "<- bites most" in out
    assert "###" in out
    assert "s a trial, 2 at once: ends after" in out
    assert json.loads(nas("preview", spec, "--json")[1])["bites"] == "macs"
    spec.write_text(json.dumps(SPEC | {"task": {"name": "landscape", "noise": 0.1}, "objective": {"target": 1}}))
    assert "needs a device" in nas("preview", spec)[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("extend", "nope", "--trials", 1), "no job 'nope'"),
        (("clone", "nope", "--set", "seed"), "is no change; write for example budget.trials=100"),
        (("clone", "nope", "--patch", "/nowhere.yaml"), "cannot be read"),
        (("delete", "nope"), "no job 'nope'"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(nas: Nas, arguments: tuple[object, ...], said: str) -> None:
    code, out, err = nas(*arguments)
    assert (code, out) == (2, "")
    assert said in err
