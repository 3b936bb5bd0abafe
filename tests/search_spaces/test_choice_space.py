"""Sampling, mutation, crossover and encoding, written once over positions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from search_spaces import ChoiceSpace, Signature, SpaceError, get_space

SEEDS = range(20)


@pytest.fixture(scope="module")
def space() -> ChoiceSpace:
    return get_space("mobilenetv3", resolution=[16, 24], width=0.5).bind(Signature("image", 1, 10, (8, 32)))


def changed(space, a, b) -> list[str]:
    pairs = zip(space.positions, a["choices"], b["choices"], strict=True)
    return [position.name for position, x, y in pairs if x != y]


def test_choices_count_the_options(space):
    assert space.choices == tuple(len(position.options) for position in space.positions)
    assert space.size == math.prod(space.choices)
    assert space.positions[0].name == "resolution"
    assert space.positions[0].options == (16, 24)


def test_sampling_reaches_every_option(space):
    rng = np.random.default_rng(0)
    seen = np.array([space.sample(rng)["choices"] for _ in range(60)])
    assert [len(set(column)) for column in seen.T] == list(space.choices)


@pytest.mark.parametrize("seed", SEEDS)
def test_mutation_changes_one_active_position_and_the_architecture(space, seed):
    rng = np.random.default_rng(seed)
    parent = space.sample(rng)
    for _ in range(20):
        child = space.mutate(parent, rng)
        (name,) = changed(space, parent, child)
        assert space.is_active(name, space.decode(parent))
        assert space.architecture(child).hash != space.architecture(parent).hash
        parent = child


def test_mutation_leaves_its_parent_as_it_was(space):
    rng = np.random.default_rng(0)
    parent = space.sample(rng)
    before = list(parent["choices"])
    space.mutate(parent, rng)
    assert parent == {"choices": before}


def test_inactive_positions_do_not_matter(space):
    rng = np.random.default_rng(0)
    genotype = space.sample(rng)
    chosen = space.decode(genotype)
    inactive = [i for i, p in enumerate(space.positions) if not space.is_active(p.name, chosen)]
    assert inactive
    for i in inactive:
        for option in range(space.choices[i]):
            other = {"choices": [*genotype["choices"][:i], option, *genotype["choices"][i + 1 :]]}
            assert space.architecture(other) == space.architecture(genotype)


def test_a_space_of_one_architecture_has_no_mutation():
    only = {"ops", "width_factors", "depth_offsets", "se", "skip", "activation", "kernel", "expansion"}
    values = {"ops": "mbconv", "width_factors": 1, "depth_offsets": 0, "skip": "none", "activation": "relu"}
    options = {name: [{"se": True, "kernel": 3, "expansion": 3, **values}[name]] for name in only}
    space = get_space("mobilenetv3", resolution=[16], **options).bind(Signature("image", 1, 10, (8, 32)))
    genotype = space.sample(np.random.default_rng(0))
    assert space.size == 1
    assert space.mutate(genotype, np.random.default_rng(0)) == genotype


@pytest.mark.parametrize("seed", SEEDS)
def test_crossover_takes_each_choice_from_a_parent(space, seed):
    rng = np.random.default_rng(seed)
    a, b = space.sample(rng), space.sample(rng)
    child = space.crossover(a, b, rng)
    assert all(c in pair for c, *pair in zip(child["choices"], a["choices"], b["choices"], strict=True))
    assert changed(space, a, child)
    assert changed(space, b, child)


@pytest.mark.parametrize("seed", SEEDS)
def test_encode_undoes_decode(space, seed):
    genotype = space.sample(np.random.default_rng(seed))
    assert space.encode(space.decode(genotype)) == genotype


def test_encode_refuses_what_is_no_option(space):
    chosen = space.decode(space.sample(np.random.default_rng(0))) | {"resolution": 20}
    with pytest.raises(SpaceError, match=r"resolution offers \[16, 24\], not 20"):
        space.encode(chosen)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_network_is_adopted_where_it_is_offered_however_it_is_written(space, seed):
    """The other space lists its resolutions the other way round, and offers one kernel less."""
    options = {"resolution": [24, 16], "width": 0.5, "kernel": [5, 7]}
    other = get_space("mobilenetv3", **options).bind(space.signature)
    genotype = space.sample(np.random.default_rng(seed))
    chosen = space.decode(genotype)
    kernels = {chosen[p.name] for p in space.positions if p.name.endswith("kernel") and space.is_active(p.name, chosen)}
    if 3 in kernels:
        with pytest.raises(SpaceError, match="does not offer the network"):
            other.adopt(genotype, space)
        genotype = {
            "choices": [
                1 if p.name.endswith("kernel") else i for p, i in zip(space.positions, genotype["choices"], strict=True)
            ]
        }
    adopted = other.adopt(genotype, space)
    assert adopted["choices"][0] == 1 - genotype["choices"][0]
    assert other.architecture(adopted) == space.architecture(genotype)
    assert space.adopt(adopted, other)["choices"][0] == genotype["choices"][0]


def test_explicit_widths_are_adopted(space):
    other = get_space("mobilenetv3", resolution=[24, 16], width=0.5).bind(space.signature)
    cut = {"choices": [0] * len(space.positions), "widths": {"stage1.width": 11}}
    assert other.adopt(cut, space)["widths"] == cut["widths"]
    with pytest.raises(SpaceError, match="no width"):
        other.adopt({**cut, "widths": {"stage77.width": 11}}, space)


def test_explicit_widths_override_choices(space):
    genotype = {"choices": [0] * len(space.positions)}
    cut = genotype | {"widths": {"stage1.width": 11, "stage1.layer0.expanded": 13}}
    block = next(op for op in space.architecture(cut).ops if op.out_shape[0] == 11)
    assert block.expanded_channels == 13
    assert space.architecture(cut).params < space.architecture(genotype).params


def test_explicit_widths_fall_away_with_their_stage(space):
    rng = np.random.default_rng(0)
    parent = {"choices": [0] * len(space.positions), "widths": {"stage1.width": 11}}
    for _ in range(50):
        child = space.mutate(parent, rng)
        (name,) = changed(space, parent, child)
        assert ("widths" in child) is not name.startswith("stage1")
    assert "widths" not in space.crossover(parent, parent, rng)


@pytest.mark.parametrize(
    ("genotype", "field", "message"),
    [
        ({}, "genotype.choices", "choices, not None"),
        ({"choices": [0, 1]}, "genotype.choices", "choices, not 2"),
        ({"choices": [99]}, "genotype.choices", "resolution has options 0 to 1, not 99"),
        ({"choices": [-1]}, "genotype.choices", "resolution has options 0 to 1, not -1"),
        ({"choices": ["0"]}, "genotype.choices", "resolution has options 0 to 1, not '0'"),
        ({"choices": [0], "widths": {"stage77.width": 8}}, "genotype.widths", "'stage77.width'"),
        ({"choices": [0], "widths": {"stage0.width": 0}}, "genotype.widths", "'stage0.width': 0"),
        ({"choices": [0], "widths": 8}, "genotype.widths", "channels by name, not 8"),
    ],
)
def test_a_genotype_of_another_space_is_refused(space, genotype, field, message):
    if len(genotype.get("choices", ())) == 1:  # the first choice given, the others valid
        genotype = genotype | {"choices": [*genotype["choices"], *[0] * (len(space.positions) - 1)]}
    with pytest.raises(SpaceError, match=message) as caught:
        space.architecture(genotype)
    assert caught.value.field == field
