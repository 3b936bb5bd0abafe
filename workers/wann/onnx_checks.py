"""Exported files at work: whether they compute what the network computes, and how well they do in onnxruntime."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ..failures import TrialError
from .evaluator import ClassificationEvaluator, ControlEvaluator, Environment, Evaluator, Floats
from .onnx_files import OnnxFile
from .rollouts import episode

EPISODES = 20
LARGEST_DIFFERENCE = 1e-3  # of an output, relative to the largest one
SMALLEST_AGREEMENT = 0.99  # of samples; float32 rounding may turn a step activation round
ROUNDING = 2.0**-22  # relative, of weights and inputs: what float32 makes of numbers in some operations
DRAWS = 8
ROUNDINGS = 16  # times as far as rounding was seen to move an output


@dataclass(frozen=True)
class Trial:
    """How a file did: the scores (trials,) and the inputs (samples, inputs) that it met, as it was fed them."""

    scores: Floats
    inputs: NDArray[np.float32]


class Session:
    """A file in onnxruntime, on one thread, its shared weight at the default."""

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._outputs = [output.name for output in self._session.get_outputs()]

    def __call__(self, inputs: Floats | NDArray[np.float32]) -> Floats:
        """`output` (samples, outputs)."""
        return np.asarray(self._session.run(["output"], {"input": inputs.astype(np.float32)})[0], np.float64)

    def answers(self, inputs: NDArray[np.float32]) -> NDArray[np.integer]:
        """The class (samples,) that the file settles on: by vote where it counts votes."""
        if "label" in self._outputs:
            return np.asarray(self._session.run(["label"], {"input": inputs})[0])
        return np.asarray(self(inputs).argmax(1))


def tried(session: Session, evaluator: Evaluator, start: int) -> Trial:
    """The test split classified, or episodes from `start` on played. Raises TrialError for what offers neither."""
    if isinstance(evaluator, ClassificationEvaluator):
        return _classified(session, evaluator)
    if isinstance(evaluator, ControlEvaluator):
        return _played(session, evaluator.environment(), start)
    raise TrialError(
        "error", "the task's evaluator offers neither inputs nor an environment, so no file can be checked with it"
    )


def parity(file: OnnxFile, session: Session, inputs: NDArray[np.float32]) -> float:
    """The largest difference of an output on these inputs. Raises TrialError where file and network disagree.

    Large networks under large weights may be chaotic, a sine of thousands. Where rounding moves the network itself as
    far as the file is away from it, that is no disagreement.
    """
    ours, theirs = file.reference(file.weights, inputs.astype(np.float64)), session(inputs)
    apart = np.abs(ours - theirs).max(1)
    agree = apart <= LARGEST_DIFFERENCE * max(1.0, float(np.abs(ours).max()))
    agree[~agree] = apart[~agree] <= ROUNDINGS * _rounding(file, inputs[~agree].astype(np.float64))
    agreement = float(agree.mean())
    if agreement < SMALLEST_AGREEMENT:
        raise TrialError(
            "error",
            f"{file.name} computes something else than the network: outputs differ by up to {apart.max():.2g} and "
            f"agree on {agreement:.2%} of {len(inputs)} inputs; no file is offered. Another version of onnxruntime may "
            "help",
        )
    return float(apart.max())


def _rounding(file: OnnxFile, inputs: Floats) -> Floats:
    """How far rounding moves an output of the network: the most (samples,) that was seen in some draws."""
    rng = np.random.default_rng(0)
    exact = file.reference(file.weights, inputs)
    moved = [file.reference(_rounded(file.weights, rng), _rounded(inputs, rng)) for _ in range(DRAWS)]
    return np.asarray(np.abs(np.stack(moved) - exact).max((0, 2)))


def _rounded(values: Floats, rng: np.random.Generator) -> Floats:
    return np.asarray(values * (1 + rng.uniform(-ROUNDING, ROUNDING, values.shape)))


def _classified(session: Session, evaluator: ClassificationEvaluator) -> Trial:
    inputs = evaluator.inputs("test").astype(np.float32)
    right = session.answers(inputs) == evaluator.labels("test")
    return Trial(np.array([right.mean()]), inputs)


def _played(session: Session, environment: Environment, start: int) -> Trial:
    played = [episode(environment, session, start + i) for i in range(EPISODES)]
    seen = np.concatenate([one.observations for one in played]).astype(np.float32)
    return Trial(np.array([one.reward for one in played]), seen)
