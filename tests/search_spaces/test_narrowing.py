"""Cuts of networks: one width changes and nothing else, and no cut is wider than it has to be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from search_spaces import Architecture, Genotype, NarrowableSpace, Signature, SpaceError, get_space
from search_spaces.narrowing import Narrowed, families, narrower
from search_spaces.ops import Classifier, Conv, MBConv

BACKBONE = [{"width": 16}, {"width": 24, "depth": 2, "stride": 2}, {"width": 40, "depth": 2, "stride": 2}]


def bound(**options: Any) -> NarrowableSpace:
    wanted = {"backbone": BACKBONE, "resolution": [32], "hidden": 64, **options}
    space = get_space("mobilenetv3", **wanted).bind(Signature("image", 1, 10, (8, 64)))
    assert isinstance(space, NarrowableSpace)
    return space


@pytest.fixture(scope="module")
def space() -> NarrowableSpace:
    return bound()


def sampled(space: NarrowableSpace, seed: int) -> Genotype:
    return space.sample(np.random.default_rng(seed))


def macs(space: NarrowableSpace, genotype: Genotype) -> int:
    return space.architecture(genotype).macs


def widths_of(architecture: Architecture) -> list[tuple[int, ...]]:
    return [(op.in_shape[0], getattr(op, "expanded_channels", 0), op.out_shape[0]) for op in architecture.ops]


@pytest.mark.parametrize("seed", range(5))
def test_a_width_that_is_written_out_changes_nothing(space: NarrowableSpace, seed: int) -> None:
    genotype = sampled(space, seed)
    for name, channels in space.widths(genotype).items():
        same = space.with_width(genotype, name, channels)
        assert space.architecture(same) == space.architecture(genotype)
        assert space.widths(same) == space.widths(genotype)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("step", [8, 2])
def test_a_cut_is_the_widest_that_gains_enough(space: NarrowableSpace, seed: int, step: int) -> None:
    genotype = sampled(space, seed)
    before, widths = macs(space, genotype), space.widths(genotype)
    gain = 0.01 * before
    found = dict(space.narrowings(genotype, lambda g: macs(space, g), gain, step))
    assert found.keys() <= widths.keys()
    for name, cut in found.items():
        after = space.widths(cut)
        assert macs(space, cut) <= before - gain
        assert after[name] % step == 0
        assert {other: n for other, n in after.items() if other != name} == {
            other: n for other, n in widths.items() if other != name
        }
        for wider in range(after[name] + step, widths[name], step):
            between = space.with_width(genotype, name, wider)
            same = families(space.architecture(between)) == families(space.architecture(genotype))
            assert not same or macs(space, between) > before - gain


def test_every_width_of_a_plain_network_is_proposed() -> None:
    fixed = {"ops": ["mbconv"], "se": [True], "skip": ["identity"], "expansion": [4], "width_factors": [1.0]}
    space = bound(**fixed, depth_offsets=[0], kernel=[3], activation=["relu"])
    (genotype,) = [sampled(space, 0)]
    names = dict(space.narrowings(genotype, lambda g: macs(space, g), 1))
    assert list(names) == [
        "stem.width+stage0.width",
        "stage1.width",
        "stage2.width",
        "stage0.layer0.expanded",
        "stage1.layer0.expanded",
        "stage1.layer1.expanded",
        "stage2.layer0.expanded",
        "stage2.layer1.expanded",
        "last_stage.expanded",
    ]
    widths = space.widths(names["stem.width+stage0.width"])
    assert (widths["stem.width+stage0.width"], widths["stage0.layer0.expanded"]) == (8, 64)


@pytest.mark.parametrize("seed", range(5))
def test_no_layer_and_no_skip_comes_or_goes(space: NarrowableSpace, seed: int) -> None:
    genotype = sampled(space, seed)
    kinds = families(space.architecture(genotype))
    for _ in range(6):
        cuts = [cut for _, cut in space.narrowings(genotype, lambda g: macs(space, g), 1, 4)]
        assert all(families(space.architecture(cut)) == kinds for cut in cuts)
        genotype = cuts[seed % len(cuts)]


def test_a_cut_that_would_make_an_expansion_vanish_is_passed_over() -> None:
    fixed = {"ops": ["mbconv"], "expansion": [2], "skip": ["none"], "se": [False], "width_factors": [1.0]}
    space = bound(**fixed, depth_offsets=[0], kernel=[3], backbone=[{"width": 16}], stem=16)
    name = "stage0.layer0.expanded"
    cuts = dict(space.narrowings(sampled(space, 0), lambda g: macs(space, g), 1, 16))
    assert name not in cuts  # 32 to 16 would be as wide as the input
    assert space.widths(dict(space.narrowings(sampled(space, 0), lambda g: macs(space, g), 1))[name])[name] == 24


def test_a_width_that_gains_too_little_is_left_out(space: NarrowableSpace) -> None:
    genotype = sampled(space, 0)
    whole = macs(space, genotype)
    assert list(space.narrowings(genotype, lambda g: macs(space, g), whole)) == []


def test_an_unknown_width_is_refused(space: NarrowableSpace) -> None:
    with pytest.raises(SpaceError, match=r"no width 'stage9\.width'; it has: stem\.width"):
        space.with_width(sampled(space, 0), "stage9.width", 8)


@pytest.mark.parametrize("widths", [[8], {"stem.width": 0}, {"stem.width": 10**9}, {"stem.width": 8.0}, {"x": 8}])
def test_widths_that_are_none_are_refused(space: NarrowableSpace, widths: Any) -> None:
    with pytest.raises(SpaceError, match=r"width"):
        space.architecture(sampled(space, 0) | {"widths": widths})


def test_samples_at_random_widths_are_networks_of_the_space(space: NarrowableSpace) -> None:
    genotype, rng = sampled(space, 3), np.random.default_rng(0)
    narrowed = Narrowed(space, genotype)
    samples = [space.architecture(narrowed.sample(rng)) for _ in range(30)]
    assert len({sample.hash for sample in samples}) > 20
    assert {tuple(families(sample)) for sample in samples} == {tuple(families(space.architecture(genotype)))}
    whole = widths_of(space.architecture(genotype))
    for sample in samples:
        pairs = zip(widths_of(sample), whole, strict=True)
        assert all(a <= b for ours, theirs in pairs for a, b in zip(ours, theirs, strict=True))
    assert len({tuple(families(space.architecture(Narrowed(space).sample(rng)))) for _ in range(10)}) > 5


def test_ops_of_a_family_differ_in_channels_alone() -> None:
    block = MBConv((16, 8, 8), 24, 3, 1, 64, 16)
    same = [replace(block, **change) for change in ({"in_shape": (8, 8, 8)}, {"out_channels": 8}, {"se_channels": 8})]
    assert {op.family for op in same} == {block.family}
    others = [{"in_shape": (16, 4, 4)}, {"kernel": 5}, {"stride": 2}, {"se_channels": 0}, {"expanded_channels": 16}]
    assert block.family not in {replace(block, **change).family for change in others}
    assert Conv((3, 8, 8), 16, 3).family == Conv((4, 8, 8), 8, 3).family != Conv((3, 8, 8), 16, 5).family
    assert Classifier((8, 4, 4), 10, 64).family == Classifier((9, 4, 4), 10, 64).family
    assert Classifier((8, 4, 4), 10, 64).family != Classifier((8, 4, 4), 10, 32).family


def test_narrower_counts_down_to_one_step() -> None:
    assert list(narrower(40, 8)) == [32, 24, 16, 8]
    assert list(narrower(20, 8)) == [16, 8]
    assert list(narrower(8, 8)) == []
