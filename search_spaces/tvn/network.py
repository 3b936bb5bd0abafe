"""From blocks to an architecture: the one way in which sampled networks and published ones are put together."""

from __future__ import annotations

from dataclasses import dataclass

from ..architecture import INPUT, Architecture
from ..ops import ClipClassifier, Head
from .block import Block, add_block
from .graph import Graph


@dataclass(frozen=True)
class Clip:
    """What a network takes: `frames` frames of `side` x `side` pixels, `frame_rate` of them a second."""

    frames: int
    side: int
    frame_rate: float | None = None
    channels: int = 3


@dataclass(frozen=True)
class TinyVideoNetwork:
    """A network of arXiv 1910.06961 but for its head: its clip and its blocks, one after another."""

    clip: Clip
    blocks: tuple[Block, ...]

    def architecture(self, outputs: int, head: Head = "pooled") -> Architecture:
        """The network with `outputs` classes."""
        clip = self.clip
        graph = Graph((clip.channels, clip.frames, clip.side, clip.side))
        at = INPUT
        for block in self.blocks:
            at = add_block(graph, at, block)
        graph.add(ClipClassifier(graph.shape(at), outputs, head), at)
        return graph.architecture(clip.frame_rate)
