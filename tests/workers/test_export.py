"""Exports: what is offered was checked, and says enough of itself to be used by a stranger."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from device_agent.setting import Setting
from search_spaces import Architecture
from search_spaces.modules import export_onnx
from workers.artifacts import ArtifactStore
from workers.export import Exporter
from workers.failures import TrialError
from workers.onnx_file import Labels, compare, described, preprocessing
from workers.requests import EvaluationRequest, Report
from workers.run import reports_of, run
from workers.tasks.digits import Digits
from workers.training import Labelled, prepare, seeded_module
from workers.weights import save_weights

MakeRequest = Callable[..., EvaluationRequest]
DIGITS: dict[str, Any] = {"name": "digits"}
SPEC = {"name": "digits under 0.3 ms", "objective": {"limits": {"latency_ms": 0.3}}}
OPTIONS: dict[str, Any] = {
    "setting": {"threads": 2},
    "estimated_ms": 0.25,
    "estimated_error_ms": 0.02,
    "table_hash": "0badcafe",
    "spec": SPEC,
    "lineage": ["c1: sampled", "c7: stage1.width 16 to 24"],
    "candidate": "c9",
}


@dataclass(frozen=True)
class Reading:
    latency_ms: float
    spread_ms: float


def stopwatch(model: bytes, *, setting: Setting) -> Reading:
    """Stands in for a measurement on the device, which takes longer than a test should: 0.25 ms on one thread."""
    onnx.checker.check_model(model)
    return Reading(0.25 / setting.on(1), 0.003)


def exported(request: EvaluationRequest) -> list[Report]:
    return list(reports_of(Exporter(Digits(), stopwatch), request, lambda: False))


@pytest.fixture
def trained(make_request: MakeRequest) -> Report:
    return list(reports_of(run, make_request(DIGITS, epochs=2), lambda: False))[-1]


@pytest.fixture
def offer(make_request: MakeRequest, trained: Report) -> tuple[Report, ArtifactStore]:
    request = make_request(
        DIGITS, kind="export", epochs=0, initial_weights=trained.artifacts["weights"], options=OPTIONS
    )
    return exported(request)[-1], ArtifactStore(request.artifacts)


def test_final_training_reports_progress_then_what_was_measured(make_request: MakeRequest) -> None:
    *progress, last = exported(make_request(DIGITS, kind="export", epochs=2, options=OPTIONS))
    assert [report.epoch for report in progress] == [1, 2]
    assert last.state == "completed"
    assert last.artifacts.keys() == {"model.onnx", "model_card.md", "spec.yaml", "run.py", "bundle.zip", "weights"}
    assert last.metrics["latency_ms"] == 0.125
    assert last.metrics["latency_spread_ms"] == 0.003
    assert last.metrics["estimated_ms"] == 0.25
    assert last.metrics["val_accuracy"] == progress[-1].metrics["val_accuracy"]
    assert last.metrics["parity_max_abs"] < 1e-3
    assert 0 <= last.metrics["test_accuracy"] <= 1


def test_given_weights_are_exported_as_they_are(offer: tuple[Report, ArtifactStore], trained: Report) -> None:
    report, _ = offer
    assert report.artifacts["weights"] == trained.artifacts["weights"]
    assert report.epoch == 0


def test_the_file_says_what_it_is(offer: tuple[Report, ArtifactStore], architecture: Architecture) -> None:
    report, store = offer
    proto = onnx.load_from_string(store.get(report.artifacts["model.onnx"]))
    facts = {entry.key: entry.value for entry in proto.metadata_props}
    assert json.loads(facts["classes"]) == list("0123456789")
    assert json.loads(facts["preprocessing"]) == preprocessing(Labels(Digits(), architecture))
    assert facts["architecture_hash"] == architecture.hash
    assert Architecture.from_json(json.loads(facts["architecture"])) == architecture
    assert "onnxruntime" in json.loads(facts["versions"])


def test_a_stranger_gets_the_stated_accuracy_with_the_card_s_own_code(
    offer: tuple[Report, ArtifactStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, store = offer
    (tmp_path / "model.onnx").write_bytes(store.get(report.artifacts["model.onnx"]))
    card = store.get(report.artifacts["model_card.md"]).decode()
    code = re.search(r"```python\n(.*?)```", card, re.DOTALL)
    assert code is not None
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {}
    exec(code.group(1), scope)  # noqa: S102 - this is what the reader of the card would do
    test = Digits().load().test
    big = torch.nn.functional.interpolate(torch.tensor(test.images).float(), (16, 16), mode="bilinear").numpy()
    right = [scope["classify"](image) == str(label) for image, label in zip(big, test.labels, strict=True)]
    assert np.mean(right) == pytest.approx(report.metrics["test_accuracy"])


def test_the_card_tells_where_the_model_comes_from(
    offer: tuple[Report, ArtifactStore], architecture: Architecture
) -> None:
    report, store = offer
    card = store.get(report.artifacts["model_card.md"]).decode()
    for told in (
        "0.1250 ms (interquartile range 0.0030 ms)",
        "0.2500 ± 0.0200 ms",
        "| limit: latency_ms | 0.3 |",
        "| threads | 2 |",
        "`0badcafe`",
        "Candidate `c9`",
        "2. c7: stage1.width 16 to 24",
        "name: digits under 0.3 ms",
        architecture.hash,
        Digits().fingerprint,
        "seed 0",
        f"{architecture.params:,}",
        "| onnxruntime |",
    ):
        assert told in card
    assert card.count("\n| ") > len(architecture.ops)


def test_an_export_by_hand_needs_no_job(make_request: MakeRequest) -> None:
    request = make_request(DIGITS, kind="export", epochs=1)
    report = exported(request)[-1]
    assert "from no job" in ArtifactStore(request.artifacts).get(report.artifacts["model_card.md"]).decode()
    assert "estimated_ms" not in report.metrics


def test_the_command_s_own_measuring_is_used(make_request: MakeRequest, trained: Report) -> None:
    request = make_request(DIGITS, kind="export", epochs=0, initial_weights=trained.artifacts["weights"])
    (only,) = reports_of(run, request, lambda: False)
    assert only.state == "completed"
    assert only.metrics["latency_ms"] > 0


def test_a_file_that_computes_something_else_is_not_offered(architecture: Architecture) -> None:
    task = Digits()
    test = prepare(task.load(), task.load().test, (16, 16))
    few = Labelled(test.images[:20], test.labels[:20])
    model = described(export_onnx(seeded_module(architecture, 1), architecture.input_shape), Labels(task, architecture))
    with pytest.raises(TrialError, match="torch and onnxruntime disagree"):
        compare(seeded_module(architecture, 2).eval(), model, few)


def test_a_file_that_the_checker_refuses_is_not_offered(architecture: Architecture) -> None:
    proto = onnx.load_from_string(export_onnx(seeded_module(architecture, 1), architecture.input_shape))
    proto.graph.node[0].op_type = "Teleport"
    with pytest.raises(TrialError, match="checker refuses"):
        described(proto.SerializeToString(), Labels(Digits(), architecture))


@pytest.mark.parametrize(
    ("task", "rest", "says"),
    [
        ({"name": "landscape"}, {}, "nothing to export"),
        (DIGITS, {"epochs": 0}, "neither epochs nor initial weights"),
        (DIGITS, {"options": {"thread": 1}}, "no option thread; it has: setting"),
    ],
)
def test_what_cannot_be_exported_says_why(
    make_request: MakeRequest, task: dict[str, Any], rest: dict[str, Any], says: str
) -> None:
    (only,) = reports_of(run, make_request(task, kind="export", **rest), lambda: False)
    assert (only.state, only.cause) == ("failed", "error")
    assert says in only.message


def test_weights_of_another_architecture_are_not_exported(make_request: MakeRequest, tmp_path: Path) -> None:
    request = make_request(DIGITS, kind="export", epochs=0)
    store = ArtifactStore(request.artifacts)
    other = save_weights(store, {"nodes.0.conv.weight": torch.zeros(1)})
    (only,) = exported(make_request(DIGITS, kind="export", epochs=0, initial_weights=other))
    assert "train it first" in only.message
