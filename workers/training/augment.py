"""Augmentation: every image of a batch moved, turned, zoomed and mirrored at random, in one resampling."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional

from ..tasks.image_data import Augmentation


def augment(images: Tensor, moves: Augmentation, generator: Generator) -> Tensor:
    """A moved copy of (n, channels, height, width). `generator` lives on the CPU, whatever device the images are on."""
    theta = _affine(len(images), moves, generator).to(images.device)
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _affine(count: int, moves: Augmentation, generator: Generator) -> Tensor:
    """Inverse maps (count, 2, 3) from output to input positions, on torch's scale of -1 to 1."""
    turn, zoom, right, down = torch.empty(4, count).uniform_(-1, 1, generator=generator)
    angle = turn * math.radians(moves.rotate)
    scale = 1 + zoom * moves.zoom
    mirror = 1 - 2 * (torch.rand(count, generator=generator) < 0.5) if moves.flip else torch.ones(count)
    cos, sin = scale * angle.cos(), scale * angle.sin()
    first = torch.stack([cos * mirror, -sin, 2 * moves.shift * right], dim=1)
    second = torch.stack([sin * mirror, cos, 2 * moves.shift * down], dim=1)
    return torch.stack([first, second], dim=1)
