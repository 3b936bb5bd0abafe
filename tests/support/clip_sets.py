"""Little sets of people's own videos, and a network for clips that learns in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces import Architecture, Signature
from search_spaces.tvn.block import Block
from search_spaces.tvn.network import Clip, TinyVideoNetwork
from workers.requests import EvaluationRequest, Fidelity, TrialRequest
from workers.tasks import task_of

CLASSES = ("left", "right")
BLOCKS = (
    Block("std", 3, 2, "1d", 2, 1, 8, 1),
    Block("depthwise", 3, 2, "avgpool", 2, 2, 16, 1, se=0.5),
)


def videos(
    count: int, *, frames: int = 6, side: int = 16, channels: int = 3, seed: int = 0
) -> tuple[NDArray[Any], ...]:
    """`count` uint8 videos (n, frames, side, side, channels) of a bar that moves to the left or right, in turn."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 40, (count, frames, side, side, channels), dtype=np.uint8)
    y = np.arange(count) % len(CLASSES)
    start = rng.integers(0, side, count)
    for video, label, place in zip(x, y, start, strict=True):
        for time, frame in enumerate(video):
            frame[:, (place + (2 * label - 1) * 2 * time + np.arange(3)) % side] += 200
    return x, y


def write_clips(path: Path, count: int = 40, **arrays: Any) -> Path:
    """A file with x, y and classes, or with these arrays instead."""
    x, y = videos(count)
    np.savez(path, **(arrays or {"x": x, "y": y, "classes": np.array(CLASSES)}))
    return path


def clip_network(
    signature: Signature, *, frames: int = 4, side: int = 16, frame_rate: float | None = None
) -> Architecture:
    """A small network for clips that fits a task."""
    return TinyVideoNetwork(Clip(frames, side, frame_rate, signature.channels), BLOCKS).architecture(signature.outputs)


def clip_networks(signature: Signature) -> list[Architecture]:
    """Three of them."""
    return [clip_network(signature, frames=frames) for frames in (1, 2, 4)]


def clip_trial(
    spec: dict[str, Any], artifacts: Path, epochs: int = 1, network: Architecture | None = None, **rest: Any
) -> EvaluationRequest:
    """A request of one trial of the small network, or of `network`."""
    network = network or clip_network(task_of(spec).signature)
    trials = (TrialRequest("t0", network.to_json(), Fidelity(epochs, **rest.pop("fidelity", {})), 0),)
    return EvaluationRequest("r0", 1, rest.pop("kind", "evaluate"), spec, trials, artifacts.as_uri(), **rest)
