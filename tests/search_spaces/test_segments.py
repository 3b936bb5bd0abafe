"""Segments: networks put together from them are those of their ops, however they came about."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from search_spaces import Architecture, Segment, Signature, SpaceError, get_space
from search_spaces.mobilenetv3 import stages
from search_spaces.ops import Classifier, Conv, MBConv

STEM = Conv((1, 16, 16), 8, 3, 2, "hswish")
BLOCK = MBConv((8, 8, 8), 8, 3, 1, 24, 8, "relu", "identity")
HEAD = Classifier((8, 8, 8), 10, 16)
IMAGES = Signature("image", 3, 10, (8, 512))
SPACES = {
    "large": {},
    "sizes": {"resolution": [8, 32, 96, 224, 512]},
    "small": {"backbone": "small", "resolution": [96], "width": 0.35},
    "forms": {"last_stage": ["efficient", "original"], "stem": 24, "hidden": 640},
    "deep": {"backbone": [{"width": 16, "depth": 9}, {"width": 32, "depth": 2, "stride": 2}], "kernel": [7, 3]},
    "narrow": {"ops": ["separable"], "se": [True], "depth_offsets": [0], "width_factors": [1.0], "expansion": [6]},
}


def facts(network: Architecture) -> tuple[object, ...]:
    return network.hash, network.params, network.macs, network.input_shape, network.output_shape, network.nodes


@pytest.fixture
def joined() -> Architecture:
    return Architecture.joined([Segment([STEM, BLOCK]), Segment([BLOCK]), Segment([HEAD])])


def test_what_is_joined_is_the_chain_of_its_ops(joined):
    whole = Architecture.chain([STEM, BLOCK, BLOCK, HEAD])
    assert facts(joined) == facts(whole)
    assert (joined, hash(joined), joined.to_json()) == (whole, hash(whole), whole.to_json())
    assert joined != Architecture.chain([STEM, BLOCK, HEAD])


def test_copies_are_the_same_network(joined):
    for again in (copy.deepcopy(joined), copy.copy(joined)):
        assert again == joined
        assert facts(again) == facts(joined)
        assert not again.segments  # which are worth something only where they are shared


def test_segments_that_do_not_meet_are_refused():
    with pytest.raises(ValueError, match=r"node 1 \(mbconv\) takes .8, 8, 8., but is fed .4, 8, 8."):
        Architecture.joined([Segment([Conv((1, 16, 16), 4, 3, 2)]), Segment([BLOCK, HEAD])])
    with pytest.raises(ValueError, match="but is fed"):
        Segment([HEAD, BLOCK])


@pytest.mark.parametrize("options", SPACES.values(), ids=SPACES)
def test_networks_met_before_or_not_are_those_that_are_put_together_op_by_op(options):
    space, rng = get_space("mobilenetv3", **options).bind(IMAGES), np.random.default_rng(0)
    for genotype in space.samples(rng, 150):
        network, one_by_one = space.architecture(genotype), space.build(space.decode(genotype), {})
        assert network.segments
        assert not one_by_one.segments
        assert facts(network) == facts(one_by_one)


def test_explicit_widths_are_put_together_op_by_op():
    space, rng = get_space("mobilenetv3").bind(IMAGES), np.random.default_rng(0)
    for genotype in space.samples(rng, 10):
        plain = space.architecture(genotype)
        name, channels = next(iter(space.widths(genotype).items()))
        same, cut = (space.with_width(genotype, name, width) for width in (channels, channels - 8))
        assert facts(space.architecture(same)) == facts(plain)
        assert space.architecture(cut).macs < plain.macs
        assert space.architecture(cut).hash == space.build(space.decode(cut), cut["widths"]).hash


def test_what_a_space_keeps_is_bounded(monkeypatch):
    monkeypatch.setattr(stages, "MOST", 100)
    space, rng = get_space("mobilenetv3").bind(IMAGES), np.random.default_rng(0)
    sizes = []
    for genotype in space.samples(rng, 100):
        assert space.architecture(genotype).hash == space.build(space.decode(genotype), {}).hash
        sizes.append(space._tries.size)
    assert max(sizes) <= 100 + len(space.positions)
    assert sizes != sorted(sizes)  # begun anew


@pytest.mark.parametrize("at", [0, 5, -1])
@pytest.mark.parametrize("index", [-1, 3, 255, 256, True, 1.0, None])
def test_indices_of_no_option_are_refused_wherever_they_stand(at, index):
    space = get_space("mobilenetv3").bind(IMAGES)
    choices = space.sample(np.random.default_rng(0))["choices"]
    with pytest.raises(SpaceError, match=r"has options 0 to \d"):
        space.architecture({"choices": [*choices[:at], index, *choices[at:][1:]]})


def test_more_options_than_a_byte_tells():
    space = get_space("mobilenetv3", resolution=[*range(8, 300)]).bind(IMAGES)
    genotype = space.sample(np.random.default_rng(0))
    last = {"choices": [291, *genotype["choices"][1:]]}
    assert space.architecture(last).input_shape == (3, 299, 299)
    assert facts(space.architecture(last)) == facts(space.build(space.decode(last), {}))
    with pytest.raises(SpaceError, match="resolution has options 0 to 291, not 292"):
        space.architecture({"choices": [292, *genotype["choices"][1:]]})


@pytest.mark.parametrize("name", ["mobilenetv3", "tvn"])
def test_samples_are_those_of_one_after_another(name):
    kind = "image" if name == "mobilenetv3" else "clip"
    space = get_space(name).bind(Signature(kind, 3, 10, (32, 320)))
    one, many = np.random.default_rng(3), np.random.default_rng(3)
    for n in (1, 7, 0, 30):
        assert space.samples(many, n) == [space.sample(one) for _ in range(n)]
    assert one.bit_generator.state == many.bit_generator.state
