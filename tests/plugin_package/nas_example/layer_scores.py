"""A tabular task of one's own: a network's accuracy is the mean of what a table says of its layers."""

from hashlib import blake2b

from search_spaces import Architecture, Signature
from workers.requests import Fidelity, Report
from workers.tasks import Metric, Task, TaskOptions
from workers.trial_runner import TrialRunner

SCORES = {(8, 3): 0.30, (8, 5): 0.42, (16, 3): 0.58, (16, 5): 0.63, (24, 3): 0.71, (24, 5): 0.77, (32, 3): 0.8}


class LayerScores(Task):
    name, version, summary = "layer-scores", 1, "accuracy read from a table of layers"
    Options = TaskOptions
    signature = Signature("image", channels=1, outputs=10, sizes=(8, 512))
    metrics = (Metric("val_accuracy", "maximize", (0.0, 1.0)),)
    fidelity = Fidelity(epochs=1)
    fingerprint = blake2b(repr(SCORES).encode(), digest_size=16).hexdigest()

    def runner(self):
        return LookUp()


class LookUp(TrialRunner):
    def run_trial(self, request, trial, should_stop):
        layers = [op for op in Architecture.from_json(trial.architecture).ops if hasattr(op, "kernel")]
        found = [SCORES.get((op.out_channels, op.kernel), 0.0) for op in layers]
        metrics = {"val_accuracy": sum(found) / len(found)}
        yield Report(request.request_id, request.attempt, trial.trial_id, "completed", 1, metrics)
