"""The controller of MnasNet (arXiv 1807.11626): an LSTM that makes one decision after another.

The input of a step is an embedding of the decision before; a head of its own turns the hidden state into logits of the
position's options. All arithmetic is float64 on one thread, so that a search hardly depends on the machine. Imports of
torch are in functions: only a job whose strategy is a controller loads it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator

if TYPE_CHECKING:
    from torch import Tensor

INITIAL = 0.1  # weights begin within +-0.1, as in NASNet: decisions are nearly uniform
NEVER = -1e30  # the logit of an option that a position does not have; finite, for 0 * infinity is no number


@dataclass(frozen=True)
class Drawn:
    """A genotype's option at each position, and the log-probability of each decision that led to it."""

    choices: list[int]
    log_probs: list[float]


class Policy:
    """A distribution over the genotypes of a space that has `choices[i]` options at position i.

    Positions with one option are no decisions; the others are, in their order. All weights lie in one vector:
    `values` is numpy's view of it, by which they are changed, `weights` torch's.
    """

    def __init__(self, choices: Sequence[int], hidden: int, rng: Generator) -> None:
        import torch

        self.choices = tuple(choices)
        self.decisions = [i for i, n in enumerate(choices) if n > 1]
        counts = np.array([choices[i] for i in self.decisions], dtype=np.int64)
        most = int(counts.max(initial=1))
        self._hidden = hidden
        self._shapes = {
            "tokens": (1 + int(counts.sum()), hidden),  # 0 begins a genotype; then the options of every decision
            "from_input": (4 * hidden, hidden),
            "from_hidden": (4 * hidden, hidden),
            "heads": (len(counts), hidden, most),
            "logits": (len(counts), most),
        }
        self._first = torch.from_numpy(1 + np.cumsum(counts) - counts)  # token of each decision's first option
        self._mask = torch.from_numpy(np.where(np.arange(most) < counts[:, None], 0.0, NEVER))
        size = sum(map(math.prod, self._shapes.values()))
        self.values = rng.uniform(-INITIAL, INITIAL, size)
        self.weights = torch.from_numpy(self.values).requires_grad_()

    def sample(self, n: int, rng: Generator) -> list[Drawn]:
        """`n` independent genotypes.

        The option whose logit is largest after Gumbel noise was added is a draw of the softmax.
        """
        import torch

        with torch.no_grad():
            part = self._parts()
            noise = torch.from_numpy(rng.gumbel(size=(n, *part["logits"].shape)))
            disturbed = (noise + part["logits"] + self._mask).unbind(1)
            token, options, hidden = torch.zeros(n, dtype=torch.int64), [], []
            state = (torch.zeros(n, self._hidden, dtype=torch.float64),) * 2
            for first, logits, head in zip(self._first, disturbed, part["heads"], strict=True):
                state = torch.lstm_cell(part["tokens"][token], state, part["from_input"], part["from_hidden"])
                options.append(torch.addmm(logits, state[0], head).argmax(1))
                hidden.append(state[0])
                token = first + options[-1]
            return self._drawn(n, options, hidden)

    def _drawn(self, n: int, options: list[Tensor], hidden: list[Tensor]) -> list[Drawn]:
        """Genotypes by the options taken at every decision and the hidden states that led there."""
        import torch

        choices = np.zeros((n, len(self.choices)), dtype=np.int64)
        if not options:
            return [Drawn(row, []) for row in choices.tolist()]
        taken = torch.stack(options, 1)
        choices[:, self.decisions] = taken.numpy()
        log_probs = taken_of(self._heads(torch.stack(hidden, 1)), taken)
        return [Drawn(*pair) for pair in zip(choices.tolist(), log_probs.tolist(), strict=True)]

    def distributions(self, options: Tensor) -> Tensor:
        """Log-probabilities of all options (genotype, decision, option), each given the decisions before it.

        `options` holds those taken, (genotype, decision) int64.
        """
        import torch

        part, n = self._parts(), len(options)
        tokens = torch.cat([torch.zeros(n, 1, dtype=torch.int64), (options + self._first)[:, :-1]], dim=1)
        zeros = torch.zeros(1, n, self._hidden, dtype=torch.float64)
        weights = [part["from_input"], part["from_hidden"]]
        inputs = part["tokens"][tokens]
        hidden = torch.lstm(inputs, (zeros, zeros), weights, False, 1, 0.0, True, False, True)[0]  # noqa: FBT003
        return self._heads(hidden)

    def _heads(self, hidden: Tensor) -> Tensor:
        """(genotype, decision, hidden) to the log-probabilities of all options."""
        import torch

        part = self._parts()
        logits = torch.einsum("ndh,dho->ndo", hidden, part["heads"]) + part["logits"] + self._mask
        return logits.log_softmax(2)

    def _parts(self) -> dict[str, Tensor]:
        ends = accumulate(map(math.prod, self._shapes.values()), initial=0)
        spans = zip(self._shapes.items(), pairwise(ends), strict=True)
        return {name: self.weights[start:end].view(shape) for (name, shape), (start, end) in spans}


def taken_of(distributions: Tensor, options: Tensor) -> Tensor:
    """The log-probability of each option taken, (genotype, decision)."""
    return distributions.gather(2, options[:, :, None])[:, :, 0]


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread in the block: sums do not depend on the number of cores, and nothing this small gains."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
