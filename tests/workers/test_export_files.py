"""What an export brings besides the float32 file: an int8 file, normalisation inside, and a zip that runs anywhere."""

from __future__ import annotations

import ast
import io
import itertools
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import yaml
from PIL import Image

from device_agent.setting import Setting
from search_spaces import Architecture, get_space
from search_spaces.modules.quantisation import quantised
from workers.artifacts import ArtifactStore
from workers.bundle import bundled
from workers.card_sections import Card
from workers.export import Exporter
from workers.export_options import ExportOptions
from workers.model_card import render
from workers.onnx_file import scores, taken
from workers.requests import EvaluationRequest, Fidelity, Report, TrialRequest
from workers.run import reports_of, run
from workers.standalone import main
from workers.tasks import get_task
from workers.tasks.digits import Digits

SPEC = {"name": "digits under 0.3 ms", "space": {"name": "mobilenetv3"}}
SPACE = {
    "backbone": [{"width": 8, "depth": 1, "stride": 2}, {"width": 16, "depth": 1, "stride": 2}],
    "resolution": [16],
    "ops": ["mbconv"],
    "hidden": 32,
}
MODELS = ("model.onnx", "model_int8.onnx")
INT8_FACTOR = 1.5  # how much slower than float32 the stopwatch finds an int8 file


@dataclass(frozen=True)
class Reading:
    latency_ms: float
    spread_ms: float


def stopwatch(model: bytes, *, setting: Setting) -> Reading:
    """Stands in for a measurement, which takes longer than a test should: 0.2 ms, and more for an int8 file."""
    operators = {node.op_type for node in onnx.load_from_string(model).graph.node}
    return Reading(0.2 * (INT8_FACTOR if "DequantizeLinear" in operators else 1), 0.01)


@dataclass(frozen=True)
class Exported:
    report: Report
    files: dict[str, bytes]

    def session(self, name: str) -> onnxruntime.InferenceSession:
        return onnxruntime.InferenceSession(self.files[name], providers=["CPUExecutionProvider"])

    def steps(self, name: str) -> dict[str, Any]:
        steps: dict[str, Any] = json.loads(self.session(name).get_modelmeta().custom_metadata_map["preprocessing"])
        return steps


@pytest.fixture(scope="module")
def small() -> Architecture:
    space = get_space("mobilenetv3", **SPACE).bind(get_task("digits").signature)
    return space.architecture(space.sample(np.random.default_rng(0)))


@pytest.fixture(scope="module")
def request_of(small: Architecture, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., EvaluationRequest]:
    """Requests whose network was trained once, for 8 epochs."""
    home = tmp_path_factory.mktemp("artifacts").as_uri()

    def request(kind: str, trial: TrialRequest, **options: Any) -> EvaluationRequest:
        return EvaluationRequest("r0", 1, kind, {"name": "digits"}, (trial,), home, options=options)

    trained = TrialRequest("t0", small.to_json(), Fidelity(8), 0)
    weights = list(reports_of(run, request("evaluate", trained), lambda: False))[-1].artifacts["weights"]
    return lambda **options: request("export", TrialRequest("t0", small.to_json(), Fidelity(0), 0, weights), **options)


@pytest.fixture(scope="module", params=[False, True], ids=["normalised outside", "normalised inside"])
def offer(request: pytest.FixtureRequest, request_of: Callable[..., EvaluationRequest]) -> Exported:
    asked = request_of(int8=True, normalise=request.param, spec=SPEC)
    (report,) = reports_of(Exporter(Digits(), stopwatch), asked, lambda: False)
    assert report.state == "completed", report.message
    store = ArtifactStore(asked.artifacts)
    return Exported(report, {name: store.get(artifact) for name, artifact in report.artifacts.items()})


def test_the_int8_file_has_figures_of_its_own(offer: Exported, small: Architecture) -> None:
    found = offer.report.metrics
    data = Digits().load()
    fed = taken(data, data.test, (16, 16), normalised_inside=offer.steps("model.onnx")["normalised_inside"])
    assert found["int8_test_accuracy"] == scores(offer.files["model_int8.onnx"], fed)["accuracy"]
    assert found["int8_accuracy_drop"] == found["test_accuracy"] - found["int8_test_accuracy"]
    assert found["int8_test_accuracy"] > 0.8
    assert found["int8_latency_ms"] == pytest.approx(INT8_FACTOR * found["latency_ms"])
    assert found["file_bytes"] == len(offer.files["model.onnx"])
    assert found["int8_file_bytes"] == len(offer.files["model_int8.onnx"])


def test_every_layer_computes_with_8_bit_weights_by_channel(offer: Exported) -> None:
    graph = onnx.load_from_string(offer.files["model_int8.onnx"]).graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    made_of = {node.output[0]: node.input for node in graph.node if node.op_type == "DequantizeLinear"}
    layers = [node for node in graph.node if node.op_type in ("Conv", "Gemm")]
    for layer in layers:
        weights, scales, *_ = (stored[name] for name in made_of[layer.input[1]])
        assert weights.data_type == onnx.TensorProto.INT8
        assert list(scales.dims) == [weights.dims[0] if layer.op_type == "Conv" else max(scales.dims)]
        assert np.abs(onnx.numpy_helper.to_array(weights)).max() <= 64
    assert len(layers) > 5


def test_normalisation_stays_in_float32(offer: Exported) -> None:
    graph = onnx.load_from_string(offer.files["model_int8.onnx"]).graph
    (first,) = (node.op_type for node in graph.node if "input" in node.input)
    assert first == ("Mul" if offer.steps("model_int8.onnx")["normalised_inside"] else "QuantizeLinear")


def test_both_files_take_and_say_the_same(offer: Exported) -> None:
    plain, int8 = (offer.session(name).get_modelmeta().custom_metadata_map for name in MODELS)
    assert (plain.pop("precision"), int8.pop("precision")) == ("float32", "int8")
    assert plain == int8
    for name in MODELS:
        (taken_in,), (given,) = offer.session(name).get_inputs(), offer.session(name).get_outputs()
        assert (taken_in.name, taken_in.type, taken_in.shape) == ("input", "tensor(float)", [1, 1, 16, 16])
        assert (given.name, given.shape) == ("output", [1, 10])


def test_normalised_inside_or_outside_the_accuracy_is_the_same(
    request_of: Callable[..., EvaluationRequest], small: Architecture
) -> None:
    inside, outside = (
        next(iter(reports_of(Exporter(Digits(), stopwatch), request_of(normalise=choice), lambda: False)))
        for choice in (True, False)
    )
    assert inside.metrics["test_accuracy"] == outside.metrics["test_accuracy"]
    assert inside.metrics["parity_max_abs"] < 1e-3
    assert inside.artifacts["model.onnx"] != outside.artifacts["model.onnx"]
    assert "model_int8.onnx" not in inside.artifacts


def test_what_is_measured_is_the_file_that_is_offered(request_of: Callable[..., EvaluationRequest]) -> None:
    seen = []

    def note(model: bytes, *, setting: Setting) -> Reading:
        seen.append(model)
        return Reading(0.1, 0.01)

    asked = request_of(int8=True, normalise=True)
    (report,) = reports_of(Exporter(Digits(), note), asked, lambda: False)
    store = ArtifactStore(asked.artifacts)
    assert seen == [store.get(report.artifacts[name]) for name in MODELS]


def test_the_same_export_gives_the_same_bytes(offer: Exported, request_of: Callable[..., EvaluationRequest]) -> None:
    again = request_of(int8=True, normalise=offer.steps("model.onnx")["normalised_inside"], spec=SPEC)
    (report,) = reports_of(Exporter(Digits(), stopwatch), again, lambda: False)
    assert report.artifacts == offer.report.artifacts


def test_quantising_prints_nothing_and_leaves_stdout_to_others(
    offer: Exported, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two exports at once, as an in-process dispatcher runs them."""
    images = np.random.default_rng(0).random((10, 1, 16, 16), np.float32)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: quantised(offer.files["model.onnx"], images), range(2))
    assert first == second
    sys.stdout.write("still here")
    assert capsys.readouterr().out == "still here"


def test_fewer_images_than_a_stride_are_enough(offer: Exported) -> None:
    images = np.random.default_rng(0).random((3, 1, 16, 16), np.float32)
    onnx.checker.check_model(onnx.load_from_string(quantised(offer.files["model.onnx"], images)), full_check=True)


def test_the_zip_holds_every_file(offer: Exported) -> None:
    with zipfile.ZipFile(io.BytesIO(offer.files["bundle.zip"])) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert held.keys() == {*MODELS, "model_card.md", "spec.yaml", "run.py"}
    assert all(content == offer.files[name] for name, content in held.items())
    assert yaml.safe_load(held["spec.yaml"]) == SPEC


def test_the_script_in_the_zip_says_what_test_images_show(offer: Exported, tmp_path: Path) -> None:
    """In a folder with nothing else, by an interpreter that sees no package but onnxruntime, numpy and Pillow."""
    zipfile.ZipFile(io.BytesIO(offer.files["bundle.zip"])).extractall(tmp_path)
    test = Digits().load().test
    hits = dict.fromkeys(MODELS, 0)
    for i, model in itertools.product(range(4), MODELS):
        np.save(tmp_path / "image.npy", test.images[i])
        hits[model] += _said(tmp_path, "image.npy", model) == str(test.labels[i])
    Image.fromarray((test.images[0, 0] * (255 / 16)).astype(np.uint8)).save(tmp_path / "image.png")
    np.save(tmp_path / "image.npy", test.images[0])
    assert _said(tmp_path, "image.png") == _said(tmp_path, "image.npy")
    assert min(hits.values()) >= 3


def _said(folder: Path, *arguments: str) -> str:
    code = "import runpy, sys; sys.modules['torch'] = None; sys.modules['workers'] = None; sys.argv[0] = 'run.py'; "
    command = [sys.executable, "-c", code + "runpy.run_path('run.py', run_name='__main__')", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def test_the_script_answers_as_the_file_was_checked(offer: Exported, tmp_path: Path) -> None:
    """Its own resizing and normalising in numpy are those of the training."""
    (tmp_path / "model.onnx").write_bytes(offer.files["model.onnx"])
    data = Digits().load()
    fed = taken(data, data.test, (16, 16), normalised_inside=offer.steps("model.onnx")["normalised_inside"])
    session = offer.session("model.onnx")
    for image, x in zip(data.test.images[:60], fed.images.contiguous().numpy(), strict=False):
        np.save(tmp_path / "image.npy", image)
        answer = int(session.run(None, {"input": x[None]})[0].argmax())
        assert main(str(tmp_path / "image.npy"), str(tmp_path / "model.onnx")) == str(answer)


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_the_script_makes_pictures_square_as_the_training_did(offer: Exported, tmp_path: Path, fit: str) -> None:
    """A digit between two others, of which only the middle counts; and a digit on a black stripe."""
    proto = onnx.load_from_string(offer.files["model.onnx"])
    for entry in proto.metadata_props:
        if entry.key == "preprocessing":
            entry.value = json.dumps(json.loads(entry.value) | {"fit": fit})
    onnx.save(proto, tmp_path / "model.onnx")
    digits = Digits().load().test.images
    for one, other in zip(digits[:20, 0], digits[20:40, 0], strict=True):
        picture = np.hstack([other, one, other]) if fit == "crop" else np.pad(one, ((0, 0), (4, 4)))[4:]
        square = one if fit == "crop" else np.pad(picture, ((6, 6), (0, 0)))
        Image.fromarray((picture * 15).astype(np.uint8)).save(tmp_path / "image.png")
        np.save(tmp_path / "image.npy", square * (15 * 16 / 255))
        said = [main(str(tmp_path / name), str(tmp_path / "model.onnx")) for name in ("image.png", "image.npy")]
        assert said[0] == said[1]


def test_the_script_has_twenty_lines() -> None:
    """Of its one function; imports and the call are not counted."""
    (function,) = [node for node in ast.parse(bundled({}, "", {})["run.py"]).body if isinstance(node, ast.FunctionDef)]
    assert len([line for line in ast.unparse(ast.Module(function.body, [])).splitlines() if line]) <= 20


def test_the_card_compares_both_files_and_says_that_int8_is_slower(offer: Exported) -> None:
    card, found = offer.files["model_card.md"].decode(), offer.report.metrics
    assert f"| test accuracy | {found['test_accuracy']:.4f} | {found['int8_test_accuracy']:.4f} |" in card
    assert "calibrated on 256 training images" in card
    assert "It is slower on this device: 1.50 times the latency." in card
    assert "Use `model.onnx` unless the size of the file decides." in card


@pytest.mark.parametrize(
    ("drop", "latency_ms", "says"),
    [
        (0.002, 0.1, "0.50 times the latency and changes test accuracy by -0.2 points"),
        (0.034, 0.1, "It loses 3.4 points of test accuracy, more than 1. Use `model.onnx`"),
        (0.0, 0.195, "It is no faster, within the spread of its measurement, on this device: 0.97 times the latency"),
        (0.0, 0.205, "It is no faster, within the spread of its measurement, on this device: 1.02 times the latency"),
        (0.034, 0.4, "more than 1. It is slower on this device: 2.00 times the latency. Use `model.onnx`"),
    ],
)
def test_the_card_says_plainly_what_speaks_against_int8(
    offer: Exported, small: Architecture, drop: float, latency_ms: float, says: str
) -> None:
    results = offer.report.metrics | {"int8_accuracy_drop": drop, "latency_ms": 0.2, "int8_latency_ms": latency_ms}
    trial = TrialRequest("t0", small.to_json(), Fidelity(1), 0)
    assert says in render(Card(Digits(), small, trial, ExportOptions(int8=True), results))
    assert "int8" not in render(Card(Digits(), small, trial, ExportOptions(), results))
