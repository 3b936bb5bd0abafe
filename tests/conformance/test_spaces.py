"""What every registered search space keeps: descriptor and module agree, and genotypes are plain, repeatable data."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
import torch

from search_spaces import BoundSpace, NarrowableSpace, Signature, get_space, space_classes, spaces_of
from search_spaces.modules import build, build_op

SAMPLES = range(6)
BATCH = 4

# Options under which a space is quick to test; a space that is not named here is tested with its defaults.
FAST_OPTIONS = {
    "mobilenetv3": {
        "resolution": [16, 24],
        "backbone": "small",
        "width": 0.5,
        "hidden": 32,
        "last_stage": ["efficient", "original"],
    },
    "tvn": {
        "resolution": [16, 24],
        "frames": [1, 3, 4],
        "frame_rate": [5, 25],
        "blocks": [2, 3],
        "repeats": [1, 2, 3],
        "filters": [8, 12],
        "expansion": [1, 2],
        "head": ["pooled", "per_frame"],
    },
}
# What a space is bound to, by the kind of input that it takes.
SIGNATURES = {
    "image": Signature("image", 3, 10, (8, 1024)),
    "clip": Signature("clip", 3, 10, (8, 1024), (1, 128), (1.0, 25.0)),
    "vector": Signature("vector", 6, 10, (1, 1)),
}
SPACES = sorted(space_classes())
REFERENCES = [(name, network) for name in SPACES for network in get_space(name).references]

every_space = pytest.mark.parametrize("name", SPACES)
every_sample = pytest.mark.parametrize("seed", SAMPLES)


@cache
def bound(name: str) -> BoundSpace:
    space = get_space(name, **FAST_OPTIONS.get(name, {}))
    return space.bind(SIGNATURES[space.kinds[0]])


def sample(name: str, seed: int):
    return bound(name).sample(np.random.default_rng(seed))


def assert_module_agrees(architecture, measure) -> None:
    for node in architecture.nodes:
        built = measure(build_op(node.op), *[node.op.in_shape] * len(node.inputs))
        assert (built.params, built.macs) == (node.op.params, node.op.macs), node.op.key
        assert built.out_shape == node.op.out_shape, node.op.key
    network = measure(build(architecture), architecture.input_shape)
    assert (network.params, network.macs) == (architecture.params, architecture.macs)
    assert network.out_shape == architecture.output_shape


@every_space
@every_sample
def test_module_agrees_with_descriptor(name, seed, measure):
    architecture = bound(name).architecture(sample(name, seed))
    assert architecture.output_shape == (10,)
    assert_module_agrees(architecture, measure)


@pytest.mark.parametrize(("name", "network"), REFERENCES)
def test_reference_agrees_with_descriptor(name, network, measure):
    with torch.device("meta"):  # shapes and counts alone, for some references take minutes to run
        assert_module_agrees(get_space(name).reference(network), measure)


@every_space
@every_sample
def test_every_parameter_gets_a_gradient(name, seed):
    architecture = bound(name).architecture(sample(name, seed))
    torch.manual_seed(seed)
    network = build(architecture).train()
    x = torch.randn(BATCH, *architecture.input_shape)
    torch.nn.functional.cross_entropy(network(x), torch.arange(BATCH)).backward()
    gradients = {name: parameter.grad for name, parameter in network.named_parameters()}
    assert gradients
    assert [name for name, grad in gradients.items() if grad is None or not torch.isfinite(grad).all()] == []
    assert [name for name, grad in gradients.items() if not grad.any()] == []


@every_space
def test_a_space_says_what_it_binds_to(name):
    assert isinstance(bound(name), space_classes()[name].binds_to)


@pytest.mark.parametrize("name", spaces_of(NarrowableSpace))
@every_sample
def test_a_width_that_is_cut_leaves_the_others(name, seed):
    space, genotype = bound(name), sample(name, seed)
    widths = space.widths(genotype)
    for cut, channels in widths.items():
        assert space.architecture(space.with_width(genotype, cut, channels)) == space.architecture(genotype)
        changed = space.with_width(genotype, cut, channels + 1)
        assert space.widths(changed)[cut] == channels + 1
        assert space.architecture(changed).params > space.architecture(genotype).params
        assert json.loads(json.dumps(changed)) == changed


@every_space
def test_same_seed_same_genotypes(name):
    def walk(seed: int) -> list[object]:
        rng, space = np.random.default_rng(seed), get_space(name, **FAST_OPTIONS.get(name, {}))
        fresh = space.bind(bound(name).signature)
        a, b = fresh.sample(rng), fresh.sample(rng)
        return [a, b, fresh.mutate(a, rng), fresh.crossover(a, b, rng), int(rng.integers(2**40))]

    assert walk(1) == walk(1)
    assert walk(1) != walk(2)


@every_space
@every_sample
def test_genotype_survives_json(name, seed):
    genotype = sample(name, seed)
    again = json.loads(json.dumps(genotype))
    assert again == genotype
    assert bound(name).architecture(again).hash == bound(name).architecture(genotype).hash


@every_space
@every_sample
def test_children_are_valid_and_parents_untouched(name, seed):
    space, rng = bound(name), np.random.default_rng(seed)
    a, b = space.sample(rng), space.sample(rng)
    before = json.dumps([a, b])
    for child in (space.mutate(a, rng), space.crossover(a, b, rng)):
        assert json.loads(json.dumps(child)) == child
        assert space.architecture(child).output_shape == (10,)
    assert json.dumps([a, b]) == before


@every_space
def test_a_network_of_the_same_space_is_adopted(name):
    space = bound(name)
    genotype = space.mutate(sample(name, 0), np.random.default_rng(1))
    assert space.architecture(space.adopt(genotype, space)) == space.architecture(genotype)


@every_space
def test_a_class_says_what_it_is(name):
    space = space_classes()[name]
    assert space.version >= 1
    assert space.kinds
    assert space.summary
