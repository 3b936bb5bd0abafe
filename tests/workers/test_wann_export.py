"""Exports of weight agnostic networks: what is offered was checked in onnxruntime and can be used by a stranger."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import onnx
import onnxruntime
import pytest
from toy_wann import Reaching, ReachingTask, Sorting, SortingTask, two_gains, with_hidden

from device_agent.setting import Setting
from search_spaces import Architecture
from search_spaces.ops import SharedWeightNetwork
from workers.artifacts import ArtifactStore
from workers.failures import TrialError
from workers.requests import EvaluationRequest, Fidelity, Report, TrialRequest
from workers.run import reports_of
from workers.wann.exporter import WannExporter
from workers.wann.onnx_checks import LARGEST_DIFFERENCE, Session, parity, tried
from workers.wann.onnx_files import Subject, onnx_files
from workers.wann.tuning_options import TuningOptions

QUICK = TuningOptions(population=8, repetitions=2, check_every=5, check_repetitions=4)
GENOTYPE = {"nodes": [1, 2]}
OPTIONS: dict[str, Any] = {
    "setting": {"threads": 2},
    "candidate": "c9",
    "genotype": GENOTYPE,
    "lineage": ["c1", "c7"],
    "spec": {"name": "reach out"},
}
ALWAYS = {
    "model.onnx",
    "model_ensemble.onnx",
    "curve.svg",
    "network.svg",
    "network.out",
    "figures.json",
    "model_card.md",
    "run.py",
    "bundle.zip",
}


@dataclass(frozen=True)
class Reading:
    latency_ms: float
    spread_ms: float


def stopwatch(model: bytes, *, setting: Setting) -> Reading:
    """Stands in for a measurement on the device: 0.25 ms on one thread."""
    onnx.checker.check_model(model)
    return Reading(0.25 / setting.on(1), 0.003)


def request_for(folder: Path, network: SharedWeightNetwork, generations: int = 0, **options: Any) -> EvaluationRequest:
    architecture = Architecture.chain([network]).to_json()
    trial = TrialRequest("t0", architecture, Fidelity(generations), seed=4)
    return EvaluationRequest("r0", 1, "export", {"name": "reaching"}, (trial,), folder.as_uri(), options=options)


def reports(task: ReachingTask, request: EvaluationRequest) -> list[Report]:
    return list(reports_of(WannExporter(task, stopwatch, QUICK, trials=10), request, lambda: False))


@pytest.fixture(scope="module")
def tuned_export(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Report], ArtifactStore]:
    folder = tmp_path_factory.mktemp("artifacts")
    return reports(ReachingTask(), request_for(folder, two_gains(), 30, **OPTIONS)), ArtifactStore(folder.as_uri())


@pytest.fixture(scope="module")
def sorted_export(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, ArtifactStore]:
    folder = tmp_path_factory.mktemp("artifacts")
    (only,) = reports(SortingTask(), request_for(folder, two_gains()))
    return only, ArtifactStore(folder.as_uri())


def test_tuning_reports_progress_then_everything_is_offered(
    tuned_export: tuple[list[Report], ArtifactStore],
) -> None:
    *progress, last = tuned_export[0]
    assert [report.epoch for report in progress] == list(range(1, 31))
    assert progress[-1].metrics.keys() == {"best_draw", "best_mean"}
    assert (last.state, last.epoch) == ("completed", 30)
    assert last.artifacts.keys() == ALWAYS | {"model_tuned.onnx", "spec.yaml", "genotype.json"}


def test_the_metrics_are_the_paper_s_figures_and_those_of_the_files(
    tuned_export: tuple[list[Report], ArtifactStore],
) -> None:
    metrics = tuned_export[0][-1].metrics
    assert metrics["random_weights"] < metrics["tuned_shared"] < metrics["tuned_weights"]
    assert metrics["best_weight"] == pytest.approx(0.4, abs=0.03)
    for figure in ("tuned_shared", "tuned_weights"):
        assert metrics[f"onnx_{figure}"] == pytest.approx(metrics[figure], abs=0.2)
    for prefix in ("", "tuned_", "ensemble_"):
        assert metrics[f"{prefix}latency_ms"] == 0.125
        assert metrics[f"{prefix}parity_max_abs"] < 1e-5


def test_without_generations_nothing_is_tuned(tmp_path: Path) -> None:
    (only,) = reports(ReachingTask(), request_for(tmp_path, two_gains()))
    assert (only.state, only.epoch) == ("completed", 0)
    assert only.artifacts.keys() == ALWAYS
    assert "tuned_weights" not in only.metrics
    assert "No hidden nodes." in ArtifactStore(tmp_path.as_uri()).get(only.artifacts["model_card.md"]).decode()


def test_the_file_takes_any_shared_weight_and_has_the_best_one(
    tuned_export: tuple[list[Report], ArtifactStore],
) -> None:
    *_, last = tuned_export[0]
    session = onnxruntime.InferenceSession(tuned_export[1].get(last.artifacts["model.onnx"]))
    given = np.array([[1.0, -3.0]], np.float32)
    best = last.metrics["best_weight"]
    assert session.run(None, {"input": given})[0] == pytest.approx(given * best)
    other = {"input": given, "shared_weight": np.array([1.5], np.float32)}
    assert session.run(None, other)[0] == pytest.approx(given * 1.5)


def test_the_files_say_what_they_are(tuned_export: tuple[list[Report], ArtifactStore]) -> None:
    *_, last = tuned_export[0]
    facts = {}
    for name in ("model.onnx", "model_ensemble.onnx"):
        proto = onnx.load_from_string(tuned_export[1].get(last.artifacts[name]))
        facts[name] = {entry.key: entry.value for entry in proto.metadata_props}
    found = json.loads(facts["model.onnx"]["architecture"])
    assert Architecture.from_json(found).ops == (two_gains(),)
    assert facts["model.onnx"]["task"] == "reaching v1"
    assert json.loads(facts["model.onnx"]["shared_weight"]) == last.metrics["best_weight"]
    assert json.loads(facts["model_ensemble.onnx"]["ensemble_weights"]) == [-2, -1, -0.5, 0.5, 1, 2]


def test_figures_are_written_for_programs(tuned_export: tuple[list[Report], ArtifactStore]) -> None:
    *_, last = tuned_export[0]
    found = json.loads(tuned_export[1].get(last.artifacts["figures.json"]))
    assert found["figures"]["tuned_weights"]["mean"] == last.metrics["tuned_weights"]
    assert found["weights"] == pytest.approx([1.2, -0.4], abs=0.2)
    assert found["generations"] == 30
    assert len(found["curve"]["curves"]["reward"]) == len(found["curve"]["weights"]) == 101
    assert json.loads(tuned_export[1].get(last.artifacts["genotype.json"])) == GENOTYPE


def test_the_network_is_written_in_the_published_format_with_its_weights(
    tuned_export: tuple[list[Report], ArtifactStore],
) -> None:
    *_, last = tuned_export[0]
    matrix = np.loadtxt(tuned_export[1].get(last.artifacts["network.out"]).decode().splitlines(), delimiter=",")
    assert matrix.shape == (5, 6)
    assert [matrix[1, 3], matrix[2, 4]] == pytest.approx([1.2, -0.4], abs=0.2)
    assert "<svg" in tuned_export[1].get(last.artifacts["network.svg"]).decode()


def test_the_card_tells_what_a_stranger_needs(tuned_export: tuple[list[Report], ArtifactStore]) -> None:
    *_, last = tuned_export[0]
    card = tuned_export[1].get(last.artifacts["model_card.md"]).decode()
    for told in (
        f"{last.metrics['tuned_shared']:.5g} ±",
        "| `model_tuned.onnx` | a tuned weight for each connection |",
        "0.1250 ms",
        "30 generations of CMA-ES",
        "Seed 4",
        "Candidate `c9`",
        "2. c7",
        "name: reach out",
        ReachingTask().fingerprint,
        "| onnxruntime |",
    ):
        assert told in card
    code = re.search(r"```python\n(.*?)```", card, re.DOTALL)
    assert code is not None
    compile(code.group(1), "card", "exec")


def test_a_stranger_runs_the_bundle_with_onnxruntime_alone(
    tuned_export: tuple[list[Report], ArtifactStore], tmp_path: Path
) -> None:
    *_, last = tuned_export[0]
    ZipFile(BytesIO(tuned_export[1].get(last.artifacts["bundle.zip"]))).extractall(tmp_path)
    np.save(tmp_path / "seen.npy", [[1.0, 2.0], [3.0, 4.0]])
    command = [sys.executable, "-I", "run.py", "seen.npy", "model.onnx", "2"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said == "2 4\n6 8\n"


def test_the_script_names_classes_by_vote(
    sorted_export: tuple[Report, ArtifactStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, store = sorted_export
    ZipFile(BytesIO(store.get(report.artifacts["bundle.zip"]))).extractall(tmp_path)
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {"__name__": "run"}
    exec((tmp_path / "run.py").read_text(), scope)  # noqa: S102 - this is what the reader would run
    assert [scope["main"](values) for values in ("1,2", "2,1")] == ["1", "0"]
    assert scope["main"]("1,2", "model.onnx", "-1") == "0"
    assert scope["main"]("1,2", "model_ensemble.onnx") in {"0", "1"}


def test_a_classification_is_scored_by_its_test_split(sorted_export: tuple[Report, ArtifactStore]) -> None:
    report, _ = sorted_export
    assert report.metrics["tuned_shared"] == report.metrics["onnx_tuned_shared"] == 1.0
    assert report.metrics["ensemble"] == report.metrics["onnx_ensemble"]


def test_a_network_with_every_activation_keeps_parity(tmp_path: Path) -> None:
    hidden = range(3, 14)
    network = SharedWeightNetwork(
        (2,),
        2,
        (*range(1, 12), 1, 1),
        (*(source for _ in hidden for source in (0, 1, 2)), *hidden, *hidden),
        (*(node for node in hidden for _ in range(3)), *(14 for _ in hidden), *(15 for _ in hidden)),
    )
    (only,) = reports(ReachingTask(), request_for(tmp_path, network))
    assert only.state == "completed", only.message
    assert only.metrics["parity_max_abs"] < 1e-3


def test_a_file_that_computes_something_else_is_not_offered() -> None:
    subject = Subject(ReachingTask(), with_hidden(), ())
    file = next(onnx_files(subject, 1.0, None, [1.0]))
    wrong = replace(file, weights=1.1 * file.weights)
    session = Session(file.content)
    inputs = tried(session, Reaching(), 7).inputs
    assert parity(file, session, inputs) < 1e-5
    with pytest.raises(TrialError, match=r"model.onnx computes something else than the network"):
        parity(wrong, session, inputs)


def test_a_chaotic_network_is_offered_and_a_wrong_file_of_its_kind_is_not() -> None:
    """Sixteen doublings and a sine: under weight 2 float32 cannot say what it is, and under weight 1 it can."""
    doubling = SharedWeightNetwork((2,), 2, (*[1] * 16, 3, 1, 1), (1, *range(3, 20), 19), (*range(3, 20), 20, 21))
    (file, ensemble) = onnx_files(Subject(ReachingTask(), doubling, ()), 1.0, None, [-2.0, 2.0, 1.9])
    inputs = np.random.default_rng(0).uniform(0.1, 1, (200, 2)).astype(np.float32)
    assert parity(file, Session(file.content), inputs) < 1e-5
    assert parity(ensemble, Session(ensemble.content), inputs) > LARGEST_DIFFERENCE
    with pytest.raises(TrialError, match="computes something else"):
        parity(replace(ensemble, weights=0.75 * ensemble.weights), Session(ensemble.content), inputs)


def test_episodes_through_onnxruntime_are_those_of_the_evaluator() -> None:
    file = next(onnx_files(Subject(ReachingTask(), two_gains(), ()), 0.5, None, [1.0]))
    trial = tried(Session(file.content), Reaching(), 7)
    assert trial.scores == pytest.approx(Reaching().shared(two_gains(), np.array([0.5]), 20, 7)[0], abs=1e-4)
    assert trial.inputs.shape == (80, 2)


def test_answers_of_an_ensemble_are_its_votes() -> None:
    subject = Subject(SortingTask(), two_gains(), ("0", "1"))
    *_, ensemble = onnx_files(subject, 1.0, None, [-1.0, 0.5, 2.0])
    assert tried(Session(ensemble.content), Sorting(), 0).scores.tolist() == [1.0]


def test_a_stopped_export_offers_nothing(tmp_path: Path) -> None:
    asked = iter([False, False, *[True] * 1000])
    runner = WannExporter(ReachingTask(), stopwatch, QUICK)
    *_, last = reports_of(runner, request_for(tmp_path, two_gains(), 30), lambda: next(asked))
    assert (last.state, last.cause) == ("failed", "cancelled")


@pytest.mark.parametrize(
    ("options", "says"), [({"int8": True}, "without int8 and normalise"), ({"thread": 1}, "no option thread")]
)
def test_options_of_other_exports_are_refused(tmp_path: Path, options: dict[str, Any], says: str) -> None:
    (only,) = reports(ReachingTask(), request_for(tmp_path, two_gains(), 0, **options))
    assert (only.state, only.cause) == ("failed", "error")
    assert says in only.message


def test_an_image_network_is_no_weight_agnostic_one(tmp_path: Path, architecture: Architecture) -> None:
    request = request_for(tmp_path, two_gains())
    trial = replace(request.trials[0], architecture=architecture.to_json())
    (only,) = reports(ReachingTask(), replace(request, trials=(trial,)))
    assert "choose the space wann" in only.message
