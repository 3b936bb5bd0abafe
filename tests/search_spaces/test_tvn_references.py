"""Tiny Video Networks and video ResNets: exact counts, in the descriptor and in what was built from it."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import pytest

from search_spaces.ops import ClipAdd, ClipConv
from search_spaces.tvn.block import Block
from search_spaces.tvn.network import Clip, TinyVideoNetwork
from search_spaces.tvn.published import PUBLISHED, scaled
from search_spaces.tvn.references import REFERENCES, reference
from search_spaces.tvn.resnets import RESNETS

# Parameters and MACs with 157 classes, parameters with 339; then for each block the side, frames and channels that it
# leaves, its parameters and its MACs. From the released configurations, counted by a program of its own.
TVNS = {
    "tvn-1": (
        (26041803, 4325787904, 26414721),
        (
            ((112, 1, 256), 313536, 3102212096),
            ((56, 1, 512), 608208, 411516928),
            ((19, 1, 512), 1323264, 468599040),
            ((10, 1, 2048), 23475102, 343138304),
        ),
    ),
    "tvn-2": (
        (109058289, 34613415624, 109438487),
        (
            ((86, 2, 256), 463539, 3500680192),
            ((43, 1, 512), 6128879, 6425459712),
            ((43, 1, 1024), 12193792, 22478159872),
            ((22, 1, 1024), 2100224, 508559360),
            ((8, 1, 2048), 70770034, 1524047872),
            ((3, 1, 2048), 8431616, 133335040),
            ((3, 1, 2088), 8642232, 42845760),
        ),
    ),
    "tvn-3": (
        (67243119, 53638755072, 67709221),
        (
            ((80, 4, 192), 229302, 1551732992),
            ((40, 4, 1280), 19415580, 49039349760),
            ((10, 2, 512), 2068480, 2444339200),
            ((5, 1, 2560), 45127680, 602931200),
        ),
    ),
    "tvn-4": (
        (43296087, 25917764608, 43669005),
        (
            ((64, 4, 256), 1279138, 17406673920),
            ((32, 2, 1536), 12303360, 6785859584),
            ((11, 2, 2048), 29391896, 1724909568),
        ),
    ),
    "tvn-mobile-1": (
        (7329129, 5349625472, 7352607),
        (((56, 2, 96), 36864, 190273536), ((14, 2, 128), 7272012, 5159331840)),
    ),
    "tvn-mobile-2": (
        (5504982, 5032805504, 5528460),
        (((56, 2, 96), 36864, 190273536), ((14, 2, 128), 5447865, 4842511872)),
    ),
}
# Million parameters and GMACs at 3x16x112x112 and 400 classes; those of the 3D networks from arXiv 1711.09577's code.
RESNET_COUNTS = {
    "r3d-18": (33.41, 8.31),
    "r3d-34": (63.72, 12.69),
    "r3d-50": (47.02, 10.07),
    "r3d-101": (86.07, 13.89),
    "resnext3d-101": (48.34, 9.57),
    "r2plus1d-18": (31.505325, 40.52),  # exactly torchvision's
}

tvn = pytest.mark.parametrize("name", TVNS)


def counted_blocks(network: TinyVideoNetwork):
    """What each block adds to the network before it."""
    params = macs = 0
    for end in range(1, len(network.blocks) + 1):
        architecture = replace(network, blocks=network.blocks[:end]).architecture(1)
        *_, head = architecture.ops
        channels, frames, side, _ = head.in_shape
        so_far = architecture.params - head.params, architecture.macs - head.macs
        yield (side, frames, channels), so_far[0] - params, so_far[1] - macs
        params, macs = so_far


def test_all_are_listed():
    assert set(REFERENCES) == {*TVNS, "tvn-1-en", *RESNET_COUNTS, "r2plus1d-34", "r2plus1d-50"}


@tvn
def test_totals(name):
    params, macs, params_339 = TVNS[name][0]
    architecture = reference(name)
    assert (architecture.params, architecture.macs) == (params, macs)
    assert architecture.output_shape == (157,)
    assert PUBLISHED[name].architecture(339).params == params_339


@tvn
def test_blocks(name):
    assert tuple(counted_blocks(PUBLISHED[name])) == TVNS[name][1]


@tvn
def test_input(name):
    frames, side, stride = {
        "tvn-1": (2, 224, 4),
        "tvn-2": (2, 256, 7),
        "tvn-3": (8, 160, 2),
        "tvn-4": (8, 128, 4),
    }.get(name, (2, 224, 1))
    assert reference(name).input_shape == (3, frames, side, side)
    assert reference(name).frame_rate == 25 / stride


def test_compound_scaling():
    """Side 224 * 1.15, filters * 1.1 and repeats * 1.2, rounded; the clip's frames and their rate stay."""
    before, after = PUBLISHED["tvn-1"], PUBLISHED["tvn-1-en"]
    assert after.clip == replace(before.clip, side=256)
    assert [(b.repeats, b.filters) for b in after.blocks] == [(3, 72), (2, 144), (3, 144), (3, 280)]
    assert [replace(b, repeats=1, filters=8) for b in after.blocks] == [
        replace(b, repeats=1, filters=8) for b in before.blocks
    ]
    assert (reference("tvn-1-en").params, reference("tvn-1-en").macs) == (47540074, 10982049984)
    assert scaled(before, 0) == before


@pytest.mark.parametrize("name", RESNET_COUNTS)
def test_resnet_counts(name):
    millions, gmacs = RESNET_COUNTS[name]
    architecture = reference(name)
    assert architecture.input_shape == (3, 16, 112, 112)
    assert architecture.params / 1e6 == pytest.approx(millions, abs=0.006)
    assert architecture.macs / 1e9 == pytest.approx(gmacs, abs=0.007)


@pytest.mark.parametrize("name", ["r2plus1d-18", "r2plus1d-34", "r2plus1d-50"])
def test_factorised_counts_by_stage(name):
    """The second way: sums over stages, from the widths alone."""
    network = RESNETS[name]
    assert (reference(name).params, reference(name).macs) == factorised_counts(network.cell, network.depths)


def factorised_counts(cell: str, depths: tuple[int, ...]) -> tuple[int, int]:
    params = 3 * 45 * 49 + 2 * 45 + 45 * 64 * 3 + 2 * 64
    macs = (3 * 45 * 49 + 45 * 64 * 3) * 16 * 56 * 56
    cin, frames, side = 64, 16, 56
    for stage, depth in enumerate(depths):
        width = 64 << stage
        growth = 4 if cell == "bottleneck" else 1
        for block in range(depth):
            step = 2 if stage and not block else 1
            early = frames * side * side  # positions before the stride
            between = frames * (side // step) ** 2  # after the stride in space
            frames, side = frames // step, side // step
            late = frames * side * side
            middle = 27 * cin * width // (9 * cin + 3 * width)
            if cell == "basic":
                layers = [(9 * cin * middle, middle, between), (3 * middle * width, width, late)]
                layers += [(9 * width * middle, middle, late), (3 * middle * width, width, late)]
            else:
                layers = [(cin * width, width, early), (9 * width * middle, middle, between)]
                layers += [(3 * middle * width, width, late), (4 * width * width, 4 * width, late)]
            if step > 1 or cin != growth * width:
                layers.append((cin * growth * width, growth * width, late))
            params += sum(weights + 2 * channels for weights, channels, _ in layers)
            macs += sum(weights * positions for weights, _, positions in layers)
            cin = growth * width
    return params + cin * 400 + 400, macs + cin * 400


def ops_of(block: Block, frames: int = 4) -> list[str]:
    architecture = TinyVideoNetwork(Clip(frames, 16, channels=8), (block,)).architecture(3)
    return [text(op) for op in architecture.ops[:-1]]


def text(op) -> str:
    """`conv 1x3x3 /2 16 relu` and the like."""
    window = f" {'x'.join(map(str, op.kernel))}" if hasattr(op, "kernel") else ""
    stride = f" /{max(op.stride)}" if hasattr(op, "stride") and max(op.stride) > 1 else ""
    depthwise = " depthwise" if getattr(op, "groups", 1) > 1 else ""
    width = f" {op.out_channels}" if isinstance(op, ClipConv) else f" {op.hidden}" if hasattr(op, "hidden") else ""
    activation = getattr(op, "activation", "none")
    shown = "" if activation == "none" else f" {activation}"
    return f"{op.kind.removeprefix('clip_')}{window}{stride}{depthwise}{width}{shown}"


PLAIN = Block("std", 3, 2, "1d", 3, 2, 4, 2)


@pytest.mark.parametrize(
    ("block", "ops"),
    [
        (PLAIN, ["conv 1x1x1 4 relu", "conv 1x3x3 /2 4 relu", "conv 3x1x1 /2 4 relu", "conv 1x1x1 8 relu"]),
        (
            replace(PLAIN, spatial="depthwise", temporal="avgpool", se=0.01, context_gate=True),
            [
                "conv 1x1x1 4 relu",
                "conv 1x3x3 /2 depthwise 4 relu",
                "pool 3x1x1 /2",
                "conv 1x1x1 8",
                "gate 8",
                "gate 0 relu",
            ],
        ),
        (
            replace(PLAIN, inverted=True, spatial="maxpool", se=0.75, expansion=4, non_local=True),
            [
                "conv 1x1x1 16 relu",
                "pool 1x3x3 /2",
                "conv 3x1x1 /2 16 relu",
                "non_local",
                "gate 12",
                "conv 1x1x1 4 relu",
            ],
        ),
        (replace(PLAIN, spatial_kernel=1, temporal_kernel=1), ["conv 1x1x1 8 relu"]),
        (replace(PLAIN, skip=True), ops_of(PLAIN)),  # the frames changed, so there is no skip
        (
            replace(PLAIN, skip=True, temporal_stride=1, spatial="avgpool"),
            ["pool 1x3x3 /2", "conv 3x1x1 4 relu", "conv 1x1x1 8", "conv 1x1x1 /2 8", "add relu"],
        ),
        (
            replace(PLAIN, repeats=3, spatial="maxpool"),
            [
                *["pool 1x3x3 /2", "conv 3x1x1 /2 4 relu", "conv 1x1x1 8 relu"],
                *["pool 1x3x3", "conv 1x1x1 8 relu"],
                *["pool 1x3x3", "conv 3x1x1 4 relu", "conv 1x1x1 8 relu"],
            ],
        ),
    ],
)
def test_what_a_block_is_made_of(block, ops):
    assert ops_of(block) == ops


def test_one_frame_has_no_temporal_op():
    assert ops_of(PLAIN, frames=1) == ["conv 1x1x1 4 relu", "conv 1x3x3 /2 4 relu", "conv 1x1x1 8 relu"]


def test_shortcuts_meet_their_block():
    """A skip adds the projected input of its own repeat, not of the whole block."""
    block = replace(PLAIN, skip=True, repeats=2, temporal_stride=1)
    architecture = TinyVideoNetwork(Clip(4, 16, channels=8), (block,)).architecture(3)
    additions = [i for i, node in enumerate(architecture.nodes) if isinstance(node.op, ClipAdd)]
    sources = [architecture.nodes[architecture.nodes[i].inputs[1]].inputs for i in additions]
    assert sources == [(-1,), (additions[0],)]


def test_resnets_take_other_clips_and_classes():
    architecture = RESNETS["r3d-18"].architecture(10, (3, 8, 64, 64))
    assert architecture.output_shape == (10,)
    assert prod(architecture.ops[-1].in_shape[1:]) == 1 * 2 * 2
