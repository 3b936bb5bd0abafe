"""Training speed: images a second of the recipe beside a bare PyTorch loop on the same networks, data and batches.

The bare loop does the least that trains: take a batch, forward, cross-entropy, backward, AdamW. The recipe augments,
smooths labels, schedules the learning rate and averages weights on top of that. Epochs of the two alternate, so that a
disturbance of the machine meets both; figures are medians over epochs, the ratio a median over neighbouring epochs.

    python benchmarks/training.py [--json] [--quick]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from statistics import median

import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from search_spaces import Architecture
from search_spaces.ops import Classifier, Conv, MBConv, Op
from workers.tasks.digits import Digits
from workers.training import Inputs, Trainer, prepare, seeded_module

BAR = 0.95


@dataclass(frozen=True)
class Comparison:
    """One network: what it is, images a second of both loops, and the ratio."""

    network: str
    macs: int
    ours: float
    bare: float
    ratio: float


def network(side: int, width: int, layers: int) -> Architecture:
    """A MobileNetV3-type network: stem, `layers` inverted bottlenecks of which two halve the map, head, classifier."""
    ops: list[Op] = [Conv((1, side, side), width, 3, 2, "hswish")]
    for i in range(layers):
        shape = ops[-1].out_shape
        halves = i in (1, layers // 2 + 1)
        out = shape[0] + 8 if halves else shape[0]
        skip = "none" if halves else "identity"
        ops.append(MBConv(shape, out, 5 if i % 2 else 3, 2 if halves else 1, 4 * shape[0], 16 * (i % 2), "relu", skip))
    head = Conv(ops[-1].out_shape, 6 * ops[-1].out_shape[0], 1, 1, "hswish")
    return Architecture.chain([*ops, head, Classifier(head.out_shape, 10, 128)])


def our_epochs(architecture: Architecture, inputs: Inputs, epochs: int) -> Iterator[float]:
    """Images a second of each epoch of the recipe, as its own reports state the seconds."""
    task = Digits()
    trainer = Trainer(
        seeded_module(architecture, 0), inputs, task.options, task.load().augmentation, epochs=epochs, seed=0
    )
    images = trainer.steps // epochs * task.options.batch_size
    for result in trainer.run(lambda: False):
        yield images / result.train_seconds


def bare_epochs(architecture: Architecture, inputs: Inputs, epochs: int) -> Iterator[float]:
    """Images a second of each epoch of a loop as a tutorial writes it."""
    batch = Digits().options.batch_size
    module = seeded_module(architecture, 0)
    images, labels = inputs.train.images.contiguous(), inputs.train.labels
    optimiser = torch.optim.AdamW(module.parameters(), lr=0.001)
    loss_of = nn.CrossEntropyLoss()
    for _ in range(epochs):
        module.train()
        start = time.perf_counter()
        batches = torch.randperm(len(labels))[: len(labels) // batch * batch].view(-1, batch)
        for chosen in batches:
            optimiser.zero_grad()
            loss_of(module(images[chosen]), labels[chosen]).backward()
            optimiser.step()
        yield batches.numel() / (time.perf_counter() - start)


def compare(name: str, architecture: Architecture, epochs: int) -> Comparison:
    """Both loops on one network, epoch about; the first epoch of each warms up and is not counted."""
    data = Digits().load()
    height, width = architecture.input_shape[1:]
    inputs = Inputs(prepare(data, data.train, (height, width)), prepare(data, data.validation, (height, width)))
    both = zip(our_epochs(architecture, inputs, epochs), bare_epochs(architecture, inputs, epochs), strict=True)
    ours, bare = zip(*list(both)[1:], strict=True)
    ratio = median(a / b for a, b in zip(ours, bare, strict=True))
    return Comparison(name, architecture.macs, median(ours), median(bare), ratio)


def table(comparisons: list[Comparison]) -> Table:
    shown = Table("network", "MACs", "recipe, images/s", "bare loop, images/s", "ratio")
    for c in comparisons:
        shown.add_row(c.network, f"{c.macs / 1e6:.1f} M", f"{c.ours:.0f}", f"{c.bare:.0f}", f"{c.ratio:.3f}")
    return shown


def main() -> None:
    """Measure, print the table and, with --json, one JSON object on the last line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="fewer epochs, under 50 seconds")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    epochs = 8 if arguments.quick else 30
    networks = {"16 px": network(16, 16, 4), "24 px": network(24, 16, 5)}
    comparisons = [compare(name, architecture, epochs) for name, architecture in networks.items()]
    Console().print(table(comparisons))
    worst = min(comparisons, key=lambda c: c.ratio)
    print(f"the recipe's speed is {worst.ratio:.3f} of the bare loop's in the worst case; the bar is {BAR}")
    if arguments.json:
        figures = {"images_per_s": worst.ours, "vs_bare_loop": worst.ratio, "bar": BAR}
        print(json.dumps(figures | {"networks": [asdict(c) for c in comparisons]}))


if __name__ == "__main__":
    main()
