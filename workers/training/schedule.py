"""What changes from step to step: the learning rate, and the averaged weights that are evaluated."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn


def learning_rate_factor(step: int, steps: int, warmup: float) -> float:
    """Linear from 0 over the first `warmup` share of the steps, then half a cosine down to 0 (arXiv 1608.03983)."""
    warm = round(warmup * steps)
    if step < warm:
        return (step + 1) / (warm + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


class AveragedWeights:
    """Exponential moving average of a module's parameters and buffers.

    The decay of step t is min(decay, (1 + t) / (10 + t)), so that the average forgets the initial weights at once
    and short trainings are not held back by it.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._decay = decay
        self.step = 0
        state = module.state_dict()
        self._live = [value for value in state.values() if value.is_floating_point()]
        self._averaged = [value.clone() for value in self._live]
        self._names = [name for name, value in state.items() if value.is_floating_point()]

    @torch.no_grad()
    def update(self) -> None:
        self.step += 1
        decay = min(self._decay, (1 + self.step) / (10 + self.step))
        torch._foreach_lerp_(self._averaged, self._live, 1 - decay)

    def state(self) -> dict[str, Tensor]:
        """The averaged values by name; counters are left out."""
        return dict(zip(self._names, self._averaged, strict=True))

    @torch.no_grad()
    def load(self, state: Mapping[str, Tensor], step: int) -> None:
        """The averages as `state` gave them, after so many steps."""
        self.step = step
        for name, value in self.state().items():
            value.copy_(state[name])
