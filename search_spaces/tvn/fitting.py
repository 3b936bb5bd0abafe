"""What becomes of a block that does not fit the map it is given: the one repair, so that every genotype is a network.

A released network is never repaired; sampled blocks may together have strides for a map ten times as large.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .block import Block


@dataclass(frozen=True)
class Map:
    """A map between blocks: frames, and pixels a side."""

    frames: int
    side: int

    def after(self, block: Block) -> Map:
        """The map that a fitted block leaves."""
        temporal = block.temporal_stride if block.temporal_kernel > 1 else 1
        spatial = block.spatial_stride if block.spatial_kernel > 1 else 1
        return Map(-(-self.frames // temporal), -(-self.side // spatial))


def fitted(block: Block, given: Map, smallest: int, most_attended: int) -> Block:
    """The block as it can stand on this map.

    - The spatial stride becomes the largest that leaves `smallest` pixels a side.
    - Kernels become no longer than 2n - 1 for a map that they leave n long: further taps would meet padding only.
    - One frame has no temporal op; an op of kernel 1 has no type and no stride either.
    - A non-local layer is left out over more than `most_attended` positions, and where there is but one to attend to.
    """
    strides = range(1, block.spatial_stride + 1)
    stride = max(s for s in strides if s == 1 or -(-given.side // s) >= smallest)
    block = _without_idle_parts(replace(block, spatial_stride=stride), given)
    left = given.after(block)
    block = replace(
        block,
        spatial_kernel=min(block.spatial_kernel, _reach(left.side, given.side)),
        temporal_kernel=min(block.temporal_kernel, _reach(left.frames, given.frames)),
    )
    attended = left.frames * (left.side // 2) ** 2 > 1 and left.frames * left.side**2 <= most_attended
    return replace(block, non_local=block.non_local and attended)


def _without_idle_parts(block: Block, given: Map) -> Block:
    if given.frames == 1 or block.temporal_kernel == 1:
        block = replace(block, temporal="1d", temporal_kernel=1, temporal_stride=1)
    if block.spatial_kernel == 1:
        block = replace(block, spatial="std", spatial_stride=1)
    return block


def _reach(left: int, given: int) -> int:
    """The longest kernel; an op that leaves one cell still reads what it was given."""
    return 2 * (left if left > 1 else given) - 1
