"""The space of Tiny Video Networks: what it offers a task, what it repairs, and its extremes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from search_spaces import Signature, SpaceError, get_space
from search_spaces.modules import build
from search_spaces.ops import ClipConv, ClipPool, NonLocal
from search_spaces.tvn.block import Block
from search_spaces.tvn.fitting import Map, fitted
from search_spaces.tvn.published import PUBLISHED

CLIPS = Signature("clip", 3, 10, (16, 320), (1, 128), (1.0, 25.0))
PLAIN = Block("std", 3, 2, "1d", 3, 2, 8, 2)
LEAST = {"blocks": [2], "repeats": [1], "filters": [8], "expansion": [1]}


def bound(signature: Signature = CLIPS, **options):
    return get_space("tvn", **options).bind(signature)


def options_of(space, name: str):
    return next(position.options for position in space.positions if position.name == name)


def chosen(space, **values):
    """The first option everywhere but where `values` say otherwise; `part` stands for that part of every block."""
    first = {position.name: position.options[0] for position in space.positions}
    for name in first:
        if (key := name.rpartition(".")[2]) in values:
            first[name] = values[key]
    return space.encode(first)


def test_published_ranges():
    space = bound()
    assert options_of(space, "blocks") == tuple(range(2, 11))
    assert options_of(space, "block9.repeats") == tuple(range(1, 9))
    for name, ends in (("resolution", (32, 320)), ("frames", (1, 128)), ("frame_rate", (1, 25))):
        assert (min(options_of(space, name)), max(options_of(space, name))) == ends
    settings = np.prod([float(len(p.options)) for p in space.positions if p.name.startswith("block0.")])
    assert 2**24 < settings < 2**34


def test_a_task_gets_what_it_can_deliver():
    small = Signature("clip", 1, 3, (8, 64), (1, 8), (5.0, 10.0))
    space = bound(small)
    assert options_of(space, "resolution") == (32, 64)
    assert options_of(space, "frames") == (1, 2, 4, 8)
    assert options_of(space, "frame_rate") == (6.25,)
    assert options_of(bound(replace(small, sizes=(8, 24))), "resolution") == (24,)


@pytest.mark.parametrize(
    ("options", "message", "field"),
    [
        ({"resolution": [512]}, "a side of 16 to 320 px, but 512 is asked for", "space.options.resolution"),
        ({"frames": [8, 256]}, "1 to 128 frames, but 256 is asked for", "space.options.frames"),
        ({"frame_rate": [30.0]}, "1.0 to 25.0 frames a second, but 30.0 is asked for", "space.options.frame_rate"),
    ],
)
def test_more_than_the_task_delivers_is_refused(options, message, field):
    with pytest.raises(SpaceError, match=message) as refused:
        bound(**options)
    assert refused.value.field == field


def test_a_task_without_limits_takes_any_clip():
    space = bound(Signature("clip", 3, 10, (8, 512)), frames=[200], frame_rate=[60.0])
    assert space.architecture(chosen(space)).input_shape[1] == 200


def test_images_are_refused():
    with pytest.raises(SpaceError, match="networks for clip tasks, but this task is of kind 'image'"):
        bound(Signature("image", 3, 10, (16, 320)))


def test_unknown_option_is_refused():
    with pytest.raises(SpaceError, match="options: resolution, frames"):
        get_space("tvn", blok=[3])


@pytest.mark.parametrize("resolution", [32, 320])
@pytest.mark.parametrize("frames", [1, 128])
def test_extremes_are_networks(resolution, frames):
    space = bound(**LEAST, resolution=[resolution], frames=[frames], spatial=["depthwise"], spatial_kernel=[5])
    architecture = space.architecture(chosen(space, spatial_stride=4, temporal_kernel=5, temporal_stride=3))
    assert architecture.input_shape == (3, frames, resolution, resolution)
    with torch.device("meta"):
        assert build(architecture)(torch.empty(2, *architecture.input_shape)).shape == (2, 10)


def test_most_blocks_on_the_smallest_clip():
    """Ten blocks that each ask for a quarter of the map."""
    space = bound(**LEAST | {"blocks": [10], "repeats": [8]}, resolution=[32], frames=[2])
    genotype = chosen(space, spatial_kernel=5, spatial_stride=4, temporal_kernel=5, temporal_stride=3, non_local=True)
    architecture = space.architecture(genotype)
    sides = [op.out_shape[2] for op in architecture.ops[:-1]]
    assert min(sides) == sides[-1] == 2
    with torch.no_grad():
        assert build(architecture).eval()(torch.zeros(1, *architecture.input_shape)).isfinite().all()


@pytest.mark.parametrize(("side", "stride", "kept"), [(8, 4, 4), (7, 4, 4), (4, 4, 3), (3, 4, 2), (2, 3, 1), (1, 3, 1)])
def test_strides_leave_the_smallest_map(side, stride, kept):
    block = replace(PLAIN, spatial_stride=stride)
    assert fitted(block, Map(2, side), 2, 100).spatial_stride == kept


def test_kernels_reach_no_further_than_the_map():
    block = fitted(replace(PLAIN, spatial_kernel=5, temporal_kernel=5), Map(4, 4), 2, 100)
    assert (block.spatial_kernel, block.temporal_kernel) == (3, 3)
    one_left = fitted(replace(PLAIN, temporal_kernel=5, temporal_stride=2), Map(2, 8), 2, 100)
    assert (one_left.temporal_kernel, one_left.temporal_stride) == (3, 2)


def test_one_frame_has_no_temporal_op():
    assert fitted(PLAIN, Map(1, 8), 2, 100) == replace(PLAIN, temporal_kernel=1, temporal_stride=1)


@pytest.mark.parametrize(("given", "kept"), [(Map(2, 8), True), (Map(2, 24), False), (Map(2, 4), False)])
def test_attention_needs_some_positions_and_not_too_many(given, kept):
    """The block leaves 1 frame of 4x4, of 12x12 and of 2x2: of the last, one is left to attend to."""
    assert fitted(replace(PLAIN, non_local=True), given, 2, 100).non_local == kept


def test_what_fits_stays_as_it_is():
    for network in PUBLISHED.values():
        given = Map(network.clip.frames, network.clip.side)
        for block in network.blocks:
            repaired = fitted(block, given, 2, 2048)
            idle = {"temporal": "1d", "temporal_stride": 1, "temporal_kernel": 1}
            assert repaired in (block, replace(block, **idle))
            given = given.after(repaired)


def test_repaired_genotypes_are_one_architecture():
    space = bound(**LEAST, resolution=[16], frames=[1])
    hashes = {
        space.architecture(chosen(space, spatial_stride=4, temporal=temporal, frame_rate=rate)).hash
        for temporal in ("1d", "maxpool")
        for rate in (1.0, 25.0)
    }
    assert len(hashes) == 1


def test_frame_rate_makes_another_network():
    space = bound(**LEAST, resolution=[16], frames=[2])
    slow, fast = (space.architecture(chosen(space, frame_rate=rate)) for rate in (1.0, 25.0))
    assert (slow.frame_rate, fast.frame_rate) == (1.0, 25.0)
    assert slow.nodes == fast.nodes
    assert slow.hash != fast.hash


@pytest.mark.parametrize(
    ("values", "idle"),
    [
        ({"frames": 1}, {"frame_rate", "block0.temporal", "block0.temporal_kernel", "block0.temporal_stride"}),
        ({"spatial_kernel": 1}, {"block0.spatial", "block0.spatial_stride"}),
        ({"temporal_kernel": 1}, {"block0.temporal", "block0.temporal_stride"}),
    ],
)
def test_choices_without_effect_are_inactive(values, idle):
    space = bound(blocks=[2, 3])
    default = {"frames": 8, "spatial_kernel": 3, "temporal_kernel": 3}
    decoded = space.decode(chosen(space, **default | values))
    inactive = {p.name for p in space.positions if not space.is_active(p.name, decoded)}
    assert idle <= inactive
    assert {name for name in inactive if name.startswith("block0")} <= idle
    assert all(f"block2.{part}" in inactive for part in ("spatial", "filters", "repeats"))


def test_widths_override_filters():
    space = bound(**LEAST, resolution=[16], frames=[1])
    genotype = chosen(space, spatial_kernel=3) | {"widths": {"block1.filters": 5}}
    widths = [op.out_channels for op in space.architecture(genotype).ops if isinstance(op, ClipConv)]
    assert widths == [8, 8, 8, 5, 5, 5]


def test_every_choice_of_a_block_makes_a_difference():
    space = bound(resolution=[16], frames=[8], blocks=[2])
    base = {"spatial_kernel": 3, "temporal_kernel": 3}
    parts = [p for p in space.positions if p.name.startswith("block0.")]
    for part in parts:
        name = part.name.removeprefix("block0.")
        hashes = {space.architecture(chosen(space, **base | {name: option})).hash for option in part.options}
        assert len(hashes) == len(part.options), name


def test_per_frame_head_is_a_choice():
    space = bound(**LEAST, resolution=[16], frames=[4], head=["pooled", "per_frame"])
    heads = {space.architecture(chosen(space, head=head)).ops[-1].head for head in ("pooled", "per_frame")}
    assert heads == {"pooled", "per_frame"}


def test_samples_meet_every_kind_of_op():
    rng, space = np.random.default_rng(0), bound(frames=[8], resolution=[64])
    kinds = {type(op) for _ in range(10) for op in space.architecture(space.sample(rng)).ops}
    assert {ClipConv, ClipPool, NonLocal} <= kinds
