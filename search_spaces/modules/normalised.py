"""A network that takes pixels as they are: normalisation as its first step, so that an exported file needs no other."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Normalised(nn.Module):
    """`network((x / pixel_max - mean) / std)`, by channel, as one multiplication and one addition.

    Takes (batch, channels, height, width) float32 from 0 to `pixel_max`; `mean` and `std` are on the scale of 0 to 1,
    one number a channel.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, network: nn.Module, pixel_max: float, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        means, stds = (torch.tensor(values, dtype=torch.float64).view(1, -1, 1, 1) for values in (mean, std))
        self.register_buffer("scale", (1 / (pixel_max * stds)).float())
        self.register_buffer("shift", (-means / stds).float())
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.network(x * self.scale + self.shift)
        return y
