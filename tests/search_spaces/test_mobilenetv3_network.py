"""How layers become a network: rounding of widths, strides on small inputs, the two forms of the last stage."""

from __future__ import annotations

import numpy as np
import pytest

from search_spaces import Signature, SpaceError, get_space
from search_spaces.mobilenetv3.network import Ends, Layer, assemble, make_divisible, se_width, stride_plan
from search_spaces.ops import Classifier, Conv, MBConv

LARGE_STRIDES = (2, 1, 2, 1, 2, 1, 1, 2, 1, 2)  # five halvings: 224 px end at 7


@pytest.mark.parametrize(
    ("channels", "divisible"),
    [(1, 8), (8, 8), (11, 16), (12, 16), (18, 24), (20, 24), (30, 32), (33, 32), (36, 40), (100, 104), (105, 104)],
)
def test_make_divisible(channels, divisible):
    assert make_divisible(channels) == divisible


def test_make_divisible_stays_within_ten_percent_below():
    for channels in range(1, 1300):
        divisible = make_divisible(channels)
        assert divisible % 8 == 0
        assert 0.9 * channels <= divisible < channels + 8


@pytest.mark.parametrize(
    ("expanded", "squeezed"),
    [(16, 8), (72, 24), (96, 24), (120, 32), (144, 40), (240, 64), (288, 72), (480, 120), (576, 144), (672, 168)],
)
def test_se_width_is_the_published_one(expanded, squeezed):
    assert se_width(expanded) == squeezed


@pytest.mark.parametrize(
    ("resolution", "plan"),
    [
        (224, (2, 1, 2, 1, 2, 1, 1, 2, 1, 2)),
        (128, (2, 1, 2, 1, 2, 1, 1, 2, 1, 2)),
        (96, (1, 1, 2, 1, 2, 1, 1, 2, 1, 2)),
        (64, (1, 1, 2, 1, 2, 1, 1, 2, 1, 2)),
        (32, (1, 1, 1, 1, 2, 1, 1, 2, 1, 2)),
        (28, (1, 1, 1, 1, 2, 1, 1, 2, 1, 2)),
        (16, (1, 1, 1, 1, 1, 1, 1, 2, 1, 2)),
        (8, (1, 1, 1, 1, 1, 1, 1, 1, 1, 2)),
        (4, (1, 1, 1, 1, 1, 1, 1, 1, 1, 1)),
        (2, (1, 1, 1, 1, 1, 1, 1, 1, 1, 1)),
    ],
)
def test_stride_plan_drops_the_earliest_halvings(resolution, plan):
    assert stride_plan(resolution, LARGE_STRIDES) == plan


@pytest.fixture
def signature() -> Signature:
    return Signature("image", 1, 10, (8, 512))


@pytest.mark.parametrize("resolution", [16, 24, 32, 48, 96, 224])
def test_last_map_is_4x4_or_more(signature, resolution):
    space = get_space("mobilenetv3", resolution=[resolution]).bind(signature)
    architecture = space.architecture(space.sample(np.random.default_rng(0)))
    assert architecture.input_shape == (1, resolution, resolution)
    assert architecture.ops[-1].in_shape[1] >= 4


def test_skips_only_where_shapes_allow(signature):
    layers = [
        Layer(3, 16, 16, skip="identity"),
        Layer(3, 64, 24, skip="identity"),
        Layer(3, 64, 24, stride=2, skip="identity"),
        Layer(3, None, 24, stride=2, skip="pool"),
    ]
    ops = assemble(signature, 64, layers, Ends()).ops
    assert [op.skip for op in ops[1:5]] == ["identity", "none", "none", "pool"]
    assert [type(op) for op in ops] == [Conv, MBConv, MBConv, MBConv, Conv, Conv, Classifier]


def test_efficient_last_stage_saves_macs(signature):
    """About 30 million at 224 px for V3-Large (arXiv 1905.02244, section 5.1)."""
    layers = [Layer(5, 960, 160, stride=2) for _ in range(4)]
    efficient = assemble(signature, 224, layers, Ends(form="efficient"))
    original = assemble(signature, 224, layers, Ends(form="original"))
    assert [type(op) for op in efficient.ops[-2:]] == [Conv, Classifier]
    assert [type(op) for op in original.ops[-3:]] == [MBConv, Conv, Classifier]
    assert original.ops[-1].hidden == 0
    assert original.macs - efficient.macs > 30_000_000


def test_resolution_must_be_one_the_task_delivers(signature):
    with pytest.raises(SpaceError, match="images of 8 to 512 px, but a resolution of 600") as caught:
        get_space("mobilenetv3", resolution=[32, 600]).bind(signature)
    assert caught.value.field == "space.options.resolution"


@pytest.mark.parametrize(
    ("op", "inactive"),
    [
        ("mbconv", {"layer1.kernel", "layer1.expansion"}),
        ("separable", {"layer0.expansion", "layer1.kernel", "layer1.expansion"}),
        ("conv", {"se", "layer0.expansion", "layer1.kernel", "layer1.expansion"}),
    ],
)
def test_what_an_op_leaves_open(signature, op, inactive):
    """At depth 1 the second layer does not matter; only mobile bottlenecks expand, plain convolutions have no gate."""
    space = get_space("mobilenetv3", backbone=[{"width": 16}], depth_offsets=[0, 1], resolution=[16]).bind(signature)
    chosen = {position.name: position.options[0] for position in space.positions}
    chosen |= {"stage0.op": op, "stage0.depth": 1}
    idle = {position.name for position in space.positions if not space.is_active(position.name, chosen)}
    assert idle == {f"stage0.{name}" for name in inactive}


@pytest.mark.parametrize("seed", range(10))
def test_options_by_name_and_in_order_build_the_same(signature, seed):
    space = get_space("mobilenetv3", resolution=[16, 24], last_stage=["efficient", "original"]).bind(signature)
    genotype = space.sample(np.random.default_rng(seed))
    widths = {"stem.width": 12, "stage1.width": 20, "stage1.layer0.expanded": 28, "last_stage.expanded": 36}
    named = space.build(space.decode(genotype), widths)
    assert named == space.architecture(genotype | {"widths": widths})
    assert named.ops[0].out_shape[0] == 12
    assert named != space.architecture(genotype)
