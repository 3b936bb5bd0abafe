"""A tabular task of its own: the accuracy of a network is the mean of what a table says of its convolutions."""

import csv
from hashlib import blake2b
from importlib.resources import files
from typing import ClassVar

from search_spaces import Architecture, Signature
from search_spaces.ops import Conv
from workers.requests import Fidelity, Report
from workers.tasks import Metric, Task, TaskOptions
from workers.trial_runner import TrialRunner

TABLE = files("nas_example").joinpath("scores.csv").read_text()


class LayerScores(Task):
    name: ClassVar[str] = "layer-scores"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "accuracy read from a table of layers"
    Options: ClassVar = TaskOptions
    signature = Signature("image", 1, 10, (8, 512))
    metrics = (Metric("val_accuracy", "maximize", (0.0, 1.0)),)
    fidelity = Fidelity(epochs=1)
    fingerprint = blake2b(TABLE.encode(), digest_size=16).hexdigest()

    def runner(self):
        return LookUp()


class LookUp(TrialRunner):
    def __init__(self):
        rows = csv.DictReader(TABLE.splitlines())
        self.scores = {(int(row["channels"]), int(row["kernel"])): float(row["score"]) for row in rows}

    def run_trial(self, request, trial, should_stop):
        layers = [op for op in Architecture.from_json(trial.architecture).ops if isinstance(op, Conv)]
        found = [self.scores.get((layer.out_channels, layer.kernel), 0.0) for layer in layers]
        metrics = {"val_accuracy": sum(found) / len(found)}
        yield Report(request.request_id, request.attempt, trial.trial_id, "completed", 1, metrics)
