"""The published networks, block by block, in descriptor and built module (arXiv 1905.02244, tables 1 and 2)."""

from __future__ import annotations

import pytest

from search_spaces import Architecture, SpaceError, get_space
from search_spaces.modules import build, build_op
from search_spaces.ops import Activation

# input side, input channels, kernel, expansion, output channels, squeeze width (0: none), non-linearity, stride,
# parameters, MACs; the counts equal those of torchvision's networks
LARGE = (
    (112, 16, 3, 16, 16, 0, "RE", 1, 464, 5017600),
    (112, 16, 3, 64, 24, 0, "RE", 2, 3440, 19468288),
    (56, 24, 3, 72, 24, 0, "RE", 1, 4440, 12870144),
    (56, 24, 5, 72, 40, 24, "RE", 2, 10328, 9091584),
    (28, 40, 5, 120, 40, 32, "RE", 1, 20992, 9886080),
    (28, 40, 5, 120, 40, 32, "RE", 1, 20992, 9886080),
    (28, 40, 3, 240, 80, 0, "HS", 2, 32080, 11712960),
    (14, 80, 3, 200, 80, 0, "HS", 1, 34760, 6624800),
    (14, 80, 3, 184, 80, 0, "HS", 1, 31992, 6094816),
    (14, 80, 3, 184, 80, 0, "HS", 1, 31992, 6094816),
    (14, 80, 3, 480, 112, 120, "HS", 1, 214424, 19025280),
    (14, 112, 3, 672, 112, 168, "HS", 1, 386120, 30914688),
    (14, 112, 5, 672, 160, 168, "HS", 2, 429224, 21069216),
    (7, 160, 5, 960, 160, 240, "HS", 1, 797360, 16689600),
    (7, 160, 5, 960, 160, 240, "HS", 1, 797360, 16689600),
)
SMALL = (
    (112, 16, 3, 16, 16, 8, "RE", 2, 744, 1254656),
    (56, 16, 3, 72, 24, 0, "RE", 2, 3864, 5475456),
    (28, 24, 3, 88, 24, 0, "RE", 1, 5416, 3932544),
    (28, 24, 5, 96, 40, 24, "HS", 2, 13736, 3033984),
    (14, 40, 5, 240, 40, 64, "HS", 1, 57264, 4969920),
    (14, 40, 5, 240, 40, 64, "HS", 1, 57264, 4969920),
    (14, 40, 5, 120, 48, 32, "HS", 1, 21968, 2665440),
    (14, 48, 5, 144, 48, 40, "HS", 1, 29800, 3426624),
    (14, 48, 5, 288, 96, 72, "HS", 2, 91848, 4458528),
    (7, 96, 5, 576, 96, 144, "HS", 1, 294096, 6290496),
    (7, 96, 5, 576, 96, 144, "HS", 1, 294096, 6290496),
)
NETWORKS = {  # blocks, parameters, MACs, width of the head, width of the hidden layer
    "mobilenetv3-large": (LARGE, 5_483_032, 216_589_760, 960, 1280),
    "mobilenetv3-small": (SMALL, 2_542_856, 56_510_400, 576, 1024),
}

# parameters, MACs in millions as published counts give them
COUNTS = {
    "mobilenetv3-large-minimalistic": (3_924_288, 209.136704),
    "mobilenetv3-small-minimalistic": (2_044_736, 52.288448),
    "mnasnet-a1": (3_887_038, 311.579072),
    "mnasnet-b1": (4_383_312, 314.415872),
    "mnasnet-small": (2_030_264, 68.339184),
    "mobilenetv2": (3_504_872, 300.774272),
    "mobilenetv3-large-0.35": (2_131_832, 39.47),
    "mobilenetv3-large-0.5": (2_689_520, 69.25),
    "mobilenetv3-large-0.75": (3_993_528, 154.56),
    "mobilenetv3-large-1.25": (7_551_976, 355.22),
    "mobilenetv3-small-0.35": (1_358_288, 12.82),
    "mobilenetv3-small-0.5": (1_592_704, 21.05),
    "mobilenetv3-small-0.75": (2_041_872, 43.40),
    "mobilenetv3-small-1.25": (3_205_384, 90.80),
    "mobilenetv3-large-0.35-torchvision": (997_064, 35.28),
    "mobilenetv3-large-0.5-torchvision": (1_734_576, 64.96),
    "mobilenetv3-large-0.75-torchvision": (3_377_576, 140.03),
    "mobilenetv3-large-1.25-torchvision": (8_164_744, 343.46),
    "mobilenetv3-small-0.35-torchvision": (558_744, 11.24),
    "mobilenetv3-small-0.5-torchvision": (917_264, 18.97),
    "mobilenetv3-small-0.75-torchvision": (1_653_920, 39.12),
    "mobilenetv3-small-1.25-torchvision": (3_644_912, 88.16),
}
MNASNET_BLOCKS = {  # parameters and MACs of each group of equal blocks
    "mnasnet-a1": (
        (1, 2, 3, 4, 2, 3, 1),
        (896, 13968, 39098, 281680, 316144, 1067244, 473920),
        (10035200, 54942720, 28850592, 59411520, 49655808, 53492256, 23002560),
    ),
    "mnasnet-b1": (
        (1, 3, 3, 3, 2, 4, 1),
        (896, 11472, 33096, 217680, 209184, 1611456, 605440),
        (10035200, 40341504, 28844928, 47275200, 40096896, 86224320, 29409408),
    ),
    "mnasnet-small": (
        (1, 1, 2, 4, 3, 3, 1),
        (168, 920, 8704, 71900, 54360, 296452, 129648),
        (1705984, 4290048, 9784320, 12334464, 8250624, 12717408, 6235152),
    ),
}
NON_LINEARITY: dict[str, Activation] = {"RE": "relu", "HS": "hswish"}

network = pytest.mark.parametrize("name", NETWORKS)


def reference(name: str) -> Architecture:
    return get_space("mobilenetv3").reference(name)


def test_all_are_listed():
    assert set(get_space("mobilenetv3").references) == {*NETWORKS, *COUNTS}


@pytest.mark.parametrize("name", COUNTS)
def test_published_counts(name, measure):
    params, millions = COUNTS[name]
    architecture = reference(name)
    built = measure(build(architecture), architecture.input_shape)
    assert architecture.params == built.params == params
    assert architecture.macs == built.macs
    assert architecture.macs / 1e6 == pytest.approx(millions, abs=0.0051 if round(millions, 2) == millions else 0)


@pytest.mark.parametrize("name", MNASNET_BLOCKS)
def test_mnasnet_blocks(name):
    repeats, params, macs = MNASNET_BLOCKS[name]
    ops = iter(reference(name).ops[1:-2])
    groups = [[next(ops) for _ in range(n)] for n in repeats]
    assert [sum(op.params for op in group) for group in groups] == list(params)
    assert [sum(op.macs for op in group) for group in groups] == list(macs)


@network
def test_totals(name, measure):
    _, params, macs, *_ = NETWORKS[name]
    architecture = reference(name)
    built = measure(build(architecture), architecture.input_shape)
    assert architecture.input_shape == (3, 224, 224)
    assert (architecture.params, architecture.macs) == (params, macs)
    assert (built.params, built.macs, built.out_shape) == (params, macs, (1000,))


@network
def test_blocks(name, measure):
    blocks = NETWORKS[name][0]
    ops = reference(name).ops[1:-2]
    assert len(ops) == len(blocks)
    for op, (side, cin, kernel, expanded, out, se, nl, stride, params, macs) in zip(ops, blocks, strict=True):
        assert op.in_shape == (cin, side, side)
        assert (op.kernel, op.expanded_channels, op.se_channels, op.stride) == (kernel, expanded, se, stride)
        assert op.activation == NON_LINEARITY[nl]
        assert op.skip == ("identity" if stride == 1 and cin == out else "none")
        assert (op.params, op.macs, op.out_shape[0]) == (params, macs, out)
        built = measure(build_op(op), op.in_shape)
        assert (built.params, built.macs, built.out_shape) == (params, macs, op.out_shape)


@network
def test_ends(name):
    *_, head, hidden = NETWORKS[name]
    stem, *_, features, classifier = reference(name).ops
    assert (stem.params, stem.out_shape, stem.activation) == (464, (16, 112, 112), "hswish")
    assert (features.out_shape, features.kernel, features.activation) == ((head, 7, 7), 1, "hswish")
    assert (classifier.hidden, classifier.outputs, classifier.activation) == (hidden, 1000, "hswish")
    assert classifier.params == head * hidden + hidden + hidden * 1000 + 1000  # no batch norm after the pooling


def test_unknown_network_is_refused():
    with pytest.raises(SpaceError, match="no network 'resnet50'; it has: mobilenetv3-large, mobilenetv3-small"):
        reference("resnet50")
