"""Augmentation: images moved, turned, zoomed and mirrored at random, in one resampling; clips moved by whole pixels."""

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


def shifted(clips: Tensor, moves: Augmentation, generator: Generator) -> Tensor:
    """A copy of (n, frames, height, width, channels), moved and mirrored; the frames of a clip move together.

    Pixels at the border are repeated. Turning and zooming, which need resampling, would take longer than a small
    network's training step, and are left out.
    """
    count, _, height, width, _ = clips.shape
    right, down = torch.empty(2, count).uniform_(-moves.shift, moves.shift, generator=generator)
    mirrored = torch.rand(count, generator=generator) < 0.5 if moves.flip else torch.zeros(count, dtype=torch.bool)
    moved = torch.empty_like(clips)
    for number, clip in enumerate(clips):
        columns = _further(clip, 2, round(right[number].item() * width))
        columns = columns.flip(2) if mirrored[number] else columns
        moved[number] = _further(columns, 1, round(down[number].item() * height))
    return moved


def _further(clip: Tensor, axis: int, steps: int) -> Tensor:
    """What lies so many cells further on along an axis, the last cell repeated: whole rows are copied, not cells."""
    side = clip.shape[axis]
    kept = max(0, side - abs(steps))
    if not steps:
        return clip
    if steps > 0:
        return torch.cat([clip.narrow(axis, side - kept, kept), _edge(clip, axis, side - 1, side - kept)], axis)
    return torch.cat([_edge(clip, axis, 0, side - kept), clip.narrow(axis, 0, kept)], axis)


def _edge(clip: Tensor, axis: int, place: int, count: int) -> Tensor:
    shape = list(clip.shape)
    shape[axis] = count
    return clip.narrow(axis, place, 1).expand(shape)


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
