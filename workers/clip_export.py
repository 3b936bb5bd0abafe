"""Exports of networks that take clips: a file for clips, one for frames, checks, latency, model card."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from search_spaces import Architecture

from .card_sections import Card
from .clip_card import render
from .clip_files import as_frames, clip_file, frames_file
from .export import ClassifierExporter
from .export_options import ExportOptions
from .failures import TrialError
from .measuring import Measure, costs
from .onnx_file import compare
from .requests import TrialRequest
from .tasks.clip_classification import ClipClassification
from .training import ClassificationRunner, ClipRunner, clips_of, evaluate_clips

SCRIPT = Path(__file__).with_name("standalone_clip.py")


def clip_exporter(task: ClipClassification) -> ClipExporter:
    """The exporter that measures latency here, where it runs."""
    from device_agent.measure import measure_network  # only exports need onnxruntime

    return ClipExporter(task, measure_network)


class ClipExporter(ClassifierExporter):
    """`model.onnx` takes a clip; `model_frames.onnx`, for more than one frame, takes its frames as a batch.

    Final training goes on to its end whatever the task says of poor networks.
    """

    script = SCRIPT

    def __init__(self, task: ClipClassification, measure: Measure) -> None:
        self._task = task
        self._measure = measure

    def runner(self) -> ClassificationRunner:
        return ClipRunner(self._task, patient=True)

    def card(
        self, architecture: Architecture, trial: TrialRequest, options: ExportOptions, results: dict[str, float]
    ) -> str:
        return render(Card(self._task, architecture, trial, options, results))

    def models(
        self, architecture: Architecture, module: nn.Module, options: ExportOptions
    ) -> tuple[dict[str, bytes], dict[str, float]]:
        if options.int8 or options.normalise:
            raise TrialError(
                "error", "files that take clips are neither quantised nor normalised inside; ask for neither"
            )
        data = self._task.load()
        test = clips_of(data, data.test, architecture)
        files = {"model.onnx": clip_file(self._task, architecture, module)}
        parity = compare(module, files["model.onnx"], test)
        found = {f"test_{name}": value for name, value in parity.scores.items()} | {"parity_max_abs": parity.max_abs}
        if test.sampling.frames > 1:
            files["model_frames.onnx"] = frames_file(self._task, architecture, module)
            found["frames_parity_max_abs"] = compare(module, files["model_frames.onnx"], test, feed=as_frames).max_abs
        several = evaluate_clips(module, test, self._task.options.test_clips)
        found |= {f"multi_clip_test_{name}": value for name, value in several.items()}
        found["test_clips"] = float(len(test.sampling.spread(self._task.options.test_clips)))
        return files, found | costs(self._measure, files["model.onnx"], options.setting)
