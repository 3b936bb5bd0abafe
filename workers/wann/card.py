"""The model card of a weight agnostic network. Markdown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from search_spaces import Architecture
from search_spaces.ops import SharedWeightNetwork
from search_spaces.wann.activations import NAMES

from ..export_options import ExportOptions
from ..markdown import joined, size_text, table
from ..origin import origin, version_table
from ..requests import TrialRequest
from ..tasks.weight_agnostic import WeightAgnosticTask
from .figures import Figure
from .findings import Findings
from .onnx_checks import EPISODES

FIGURES = {
    "random_weights": "random weights: each connection its own, from U(-2, 2)",
    "random_shared": "random shared weight: one for all connections, from U(-2, 2)",
    "tuned_shared": "tuned shared weight",
    "tuned_weights": "tuned weights: each connection its own, by CMA-ES",
}
FILES = {
    "model.onnx": ("", "tuned_shared", "any shared weight, as the input `shared_weight`; left out, it is the best one"),
    "model_ensemble.onnx": ("ensemble_", "ensemble", "the network under several shared weights at once"),
    "model_tuned.onnx": ("tuned_", "tuned_weights", "a tuned weight for each connection"),
}


@dataclass(frozen=True)
class Card:
    """What a card is written from."""

    task: WeightAgnosticTask
    network: SharedWeightNetwork
    trial: TrialRequest
    options: ExportOptions
    findings: Findings

    @property
    def classifies(self) -> bool:
        return self.findings.voted is not None

    def score(self, value: float) -> str:
        return f"{value:.2%}" if self.classifies else f"{value:.5g}"


def render(card: Card) -> str:
    """The card as Markdown."""
    sections = (_head, _figures, _files, _usage, _network, _conditions, _checks)
    own = [section(card) for section in sections]
    return joined([*own, origin(card.options), version_table(card.task)])


def _head(card: Card) -> str:
    figures = card.findings.figures
    return (
        f"# Weight agnostic network for `{card.task.name}`: {figures.quantity} {card.score(figures.tuned_shared.mean)} "
        f"with one weight\n\n"
        f"Connections: {len(card.network.sources)}, between {card.network.in_shape[0]} input(s), a bias, "
        f"{card.network.hidden_count} hidden node(s) and {card.network.outputs} output(s). They do their work with one "
        f"weight shared by all, {figures.weight:g} at best (arXiv 1906.04358).\n\n"
        f"Task: {card.task.summary}.\n\n![the network](network.svg)"
    )


def _figures(card: Card) -> str:
    rows = [(FIGURES[name], _spread(card, figure)) for name, figure in card.findings.figures.named.items()]
    if card.findings.voted is not None:
        weights = ", ".join(f"{weight:g}" for weight in card.findings.ensemble)
        rows.append((f"ensemble: a vote for each of the weights {weights}", card.score(card.findings.voted)))
    return (
        "## Results\n\n"
        + table((card.findings.figures.quantity, "mean ± standard deviation"), rows)
        + f"\n\n![{card.findings.curve.quantity} over the shared weight](curve.svg)"
    )


def _spread(card: Card, figure: Figure) -> str:
    if figure.trials == 1:
        return card.score(figure.mean)
    return f"{card.score(figure.mean)} ± {card.score(figure.std)} ({figure.trials} trials)"


def _files(card: Card) -> str:
    measured = card.findings.files
    rows = [
        (
            f"`{name}`",
            what,
            card.score(measured[f"onnx_{figure}"]),
            f"{measured[f'{prefix}latency_ms']:.4f} ms",
            size_text(measured[f"{prefix}file_bytes"]),
        )
        for name, (prefix, figure, what) in FILES.items()
        if f"onnx_{figure}" in measured
    ]
    others = (
        "`figures.json` holds all figures, the curve and the weights; `network.out` is the network in the published "
        "format, with the tuned weights where there are any"
    )
    if card.options.genotype:
        others += "; `genotype.json` is the search's own description"
    if not card.classifies:
        others += (
            ". An ensemble acts as the mean of its members, among which opposite weights may cancel each other out"
        )
    count = card.options.setting.threads
    threads = f"Latency was measured with {count} thread{'' if count == 1 else 's'}"
    head = ("file", "weights", f"{card.findings.figures.quantity} in onnxruntime", "latency, measured", "size")
    return f"## Files\n\n{table(head, rows)}\n\n{threads}. {others}."


def _usage(card: Card) -> str:
    inputs, outputs = card.network.in_shape[0], card.network.outputs
    says = "the class" if card.classifies else "the action"
    return f"""## Use

`python run.py 0.1,0.2,... [MODEL] [SHARED_WEIGHT]` prints {says} for {inputs} inputs, or for each row of a `.npy` file;
it needs onnxruntime and numpy.

The input `input` is float32 of shape (batch, {inputs}), {_inputs(card)}; the output `output` has the shape
(batch, {outputs}): {_outputs(card)}.

```python
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])

def run(values, **weight):  # shared_weight=np.array([1.5], np.float32) for another weight than the best one
    return session.run(["output"], {{"input": np.asarray([values], np.float32), **weight}})[0][0]
```"""


def _inputs(card: Card) -> str:
    return "prepared as the task prepares its own" if card.classifies else "the task's observation"


def _outputs(card: Card) -> str:
    if not card.classifies:
        return "the action, which the task clips to its own range"
    return (
        "a score for each class, the largest one wins; of the ensemble the mean probability, and `label` is the class "
        "with the most votes"
    )


def _network(card: Card) -> str:
    hidden = Counter(card.network.activations[: card.network.hidden_count])
    rows = [(NAMES[number], str(count)) for number, count in sorted(hidden.items())]
    architecture = Architecture.chain([card.network])
    head = f"## Network\n\nHash `{architecture.hash}`. "
    if not rows:
        return head + "No hidden nodes."
    return head + "Activations of the hidden nodes:\n\n" + table(("activation", "nodes"), rows)


def _conditions(card: Card) -> str:
    tuned = (
        f"Weights were tuned for {card.findings.generations} generations of CMA-ES, starting from the best shared "
        "weight. "
        if card.findings.generations
        else ""
    )
    where = (
        "Shared weights were chosen and others tuned on training data; every figure is of the test split."
        if card.classifies
        else "Shared weights were chosen and others tuned on episodes of their own; every figure is of fresh ones."
    )
    made = f"Seed {card.trial.seed}, data fingerprint `{card.task.fingerprint}`."
    return f"## How the figures came about\n\n{tuned}{where} {made}"


def _checks(card: Card) -> str:
    measured = card.findings.files
    largest = max(value for name, value in measured.items() if name.endswith("parity_max_abs"))
    inputs = "all test samples" if card.classifies else f"the observations of {EPISODES} episodes played through it"
    return (
        "## Checks\n\n"
        "The files were offered because all of these passed: onnx's checker with shape inference; for each file, the "
        f"outputs of onnxruntime and of a plain evaluation of the network agree on {inputs}, as far as rounding to "
        f"float32 lets the network agree with itself; they differ by at most {largest:.2g}."
    )
