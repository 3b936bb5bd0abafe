"""The commands that talk to a server: what they print, and how they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from services import CARD, ENDLESS, INT8, MODEL, SCRIPT, SPEC, Live

from nas_service.client import Client

Nas = Callable[..., tuple[int, str, str]]


@pytest.fixture
def spec_file(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump(SPEC))
    return path


def test_submit_prints_the_id_and_wait_the_result(nas: Nas, client: Client, spec_file: Path) -> None:
    code, out, _ = nas("submit", spec_file)
    assert code == 0
    assert client.job(out.strip()).name == "search"
    code, out, _ = nas("submit", spec_file, "--wait")
    assert code == 0
    assert "finished: all 20 trials of the budget have ended" in out


def test_submitting_twice_with_one_key_makes_one_job(nas: Nas, spec_file: Path) -> None:
    assert (
        nas("submit", spec_file, "--idempotency-key", "k")[1] == nas("submit", spec_file, "--idempotency-key", "k")[1]
    )


def test_every_reading_verb_has_json(nas: Nas, client: Client, finished: str, spec_file: Path) -> None:
    assert finished in {job["id"] for job in json.loads(nas("jobs", "--limit", 1000, "--json")[1])}
    assert json.loads(nas("show", finished, "--json")[1])["spec"] == client.job(finished).spec
    assert json.loads(nas("submit", spec_file, "--wait", "--json")[1])["state"] == "finished"
    events = [json.loads(line) for line in nas("watch", finished, "--json")[1].splitlines()]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_show_has_the_front_with_whole_ids(nas: Nas, client: Client, finished: str) -> None:
    _, out, _ = nas("show", finished)
    assert all(candidate.id in out for candidate in client.pareto(finished))
    assert "limits: macs 5e+06" in out


def test_jobs_are_listed(nas: Nas, finished: str) -> None:
    _, out, _ = nas("jobs", "--limit", 100)
    assert finished in out
    assert "20/20" in out


def test_watch_follows_to_the_end(nas: Nas, finished: str) -> None:
    code, out, err = nas("watch", finished)
    assert (code, out) == (0, f"job {finished} is finished: all 20 trials of the budget have ended\n")
    assert "20/20" in err
    assert "best reward" in err


def test_pause_resume_and_cancel_say_what_came_of_it(nas: Nas, client: Client, live: Live) -> None:
    live.workers.open.clear()
    job = client.submit(ENDLESS).id
    assert nas("pause", job)[1].startswith(f"job {job} is paused")
    assert nas("resume", job)[1].startswith(f"job {job} is running")
    assert nas("cancel", job)[1].startswith(f"job {job} is cancelled")
    live.workers.open.set()
    code, _, err = nas("resume", job)
    assert code == 2
    assert "only a paused one can resume" in err


def test_export_brings_the_files_and_prints_the_checks(nas: Nas, finished: str, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    code, out, _ = nas("export", finished, "-o", folder, "--epochs", 2)
    assert code == 0
    assert (folder / "model.onnx").read_bytes() == MODEL
    assert (folder / "model_card.md").read_bytes() == CARD
    assert "test_accuracy" in out
    assert "parity" in out
    assert {path.name for path in folder.iterdir()} == {"model.onnx", "model_card.md"}
    chosen = json.loads(nas("export", finished, "-o", folder, "--candidate", f"{finished}.c1", "--json")[1])
    assert chosen["candidate_id"] == f"{finished}.c1"


def test_export_brings_the_forms_that_were_asked_for(nas: Nas, finished: str, tmp_path: Path) -> None:
    code, out, _ = nas("export", finished, "-o", tmp_path, "--int8", "--normalise")
    assert code == 0
    assert (tmp_path / "model_int8.onnx").read_bytes() == INT8
    assert (tmp_path / "run.py").read_bytes() == SCRIPT
    assert str(tmp_path / "run.py") in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "nope"), "no job 'nope'"),
        (("watch", "nope"), "no job 'nope'"),
        (("cancel", "NOPE!"), "is no id"),
        (("submit", "/nowhere/spec.yaml"), "/nowhere/spec.yaml cannot be read"),
        (("jobs", "--server", "elsewhere"), "expected for example http://127.0.0.1:8350"),
        (("jobs", "--server", "http://127.0.0.1:9"), "start one with: nas serve"),
        (("jobs", "--server", "ftp://127.0.0.1"), "is no address"),
        (("jobs", "--limit", "0"), "--limit"),
        (("jobs", "--colour"), "--colour"),
        (("serve", "--host", "192.0.2.1"), "--allow-plain-http"),
        (("serve", "--port", "70000"), "--port"),
        (("export", "nope", "-o", "/proc/nothing"), "cannot be made"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_sentence(nas: Nas, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = nas(*arguments)
    assert code == 2
    assert said in " ".join(err.split())
    assert out == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("budget: [", "is not valid YAML"),
        ("just words", "holds no job spec"),
        (yaml.safe_dump(SPEC | {"budget": {"trials": 0}}), "budget.trials: "),
        (yaml.safe_dump(SPEC | {"colour": 1}), "colour: there is no key 'colour' here; keys: name, space"),
        (yaml.safe_dump(SPEC | {"seed": float("nan")}), "seed: nan is no number"),
        ("name: 2026-01-01\n" + yaml.safe_dump(SPEC), "name: "),
    ],
)
def test_a_bad_spec_is_refused_by_its_field(nas: Nas, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    code, _, err = nas("submit", path)
    assert code == 2
    assert said in err


def test_a_binary_file_is_no_spec(nas: Nas, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(b"\xff\xfe\x00\x01")
    code, _, err = nas("submit", path)
    assert code == 2
    assert str(path) in err


def test_a_candidate_of_another_job_is_refused(nas: Nas, client: Client, finished: str, tmp_path: Path) -> None:
    other = client.wait(client.submit(SPEC | {"seed": 31}).id).id
    code, _, err = nas("export", other, "-o", tmp_path, "--candidate", f"{finished}.c1")
    assert code == 2
    assert "another job" in err


def test_a_failed_export_is_told_with_its_reason(nas: Nas, live: Live, finished: str, tmp_path: Path) -> None:
    live.workers.failing = True
    code, _, err = nas("export", finished, "-o", tmp_path)
    live.workers.failing = False
    assert code == 2
    assert "nothing to export" in err


def test_retarget_shows_the_new_front_and_the_best(nas: Nas, client: Client, finished: str) -> None:
    cheapest = client.pareto(finished)[0]
    wanted = ("--set", f"objective.limits.macs={cheapest.cost}")
    _, out, _ = nas("retarget", finished, *wanted)
    assert f"best       {cheapest.id}" in out
    assert json.loads(nas("retarget", finished, *wanted, "--json")[1])["feasible"] == 1
    code, _, err = nas("retarget", finished, "--set", "budget.trials=3")
    assert (code, "a clone of the job" in err) == (2, True)
