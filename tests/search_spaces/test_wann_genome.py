"""What mutations keep, whatever they are drawn from, and what a genotype of an unknown hand is refused for."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces import Signature, SpaceError, get_space
from search_spaces.wann.activations import IDS, NAMES
from search_spaces.wann.genotype import from_json, to_json
from search_spaces.wann.innovations import Innovations
from search_spaces.wann.mutations import MUTATIONS, add_connection, add_node, change_activation, crossover, enable

OFFERED = tuple(NAMES)
GENOTYPE = {
    "inputs": 2,
    "outputs": 1,
    "nodes": "1 2",
    "activations": "135",
    "grid": "10-",
    "innovations": "1 1 5",
    "sources": "0 4 4",
    "targets": "4 3 5",
    "enabled": "110",
}

drawn = st.fixed_dictionaries(
    {
        "inputs": st.integers(1, 4),
        "outputs": st.integers(1, 3),
        "seed": st.integers(0, 2**32),
        "steps": st.lists(st.sampled_from(sorted(MUTATIONS)), max_size=30),
    }
)
thorough = settings(max_examples=60, deadline=None)


def bound(inputs: int, outputs: int, **options):
    return get_space("wann", **options).bind(Signature("vector", inputs, outputs, (1, 1)))


def grow(inputs: int, outputs: int, seed: int, steps):
    """A genome after these mutations, and every one before it."""
    rng, innovations = np.random.default_rng(seed), Innovations.initial(inputs, outputs)
    genomes = [from_json(bound(inputs, outputs).sample(rng))]
    for name in steps:
        genomes.append(MUTATIONS[name](genomes[-1], rng, OFFERED, innovations))
    return genomes


@thorough
@given(drawn)
def test_every_mutation_keeps_a_genome_valid(case):
    for genome in grow(**case):
        genome.check()
        rank = {node: at for at, node in enumerate(genome.order, genome.node_count)}
        assert set(rank) == set(range(genome.first_hidden, genome.node_count))
        assert all(
            rank[s] < rank[t] for s, t in zip(genome.sources, genome.targets, strict=True) if s in rank and t in rank
        )
        assert genome.activations[: genome.outputs] == (IDS["linear"],) * genome.outputs


@thorough
@given(drawn)
def test_genomes_survive_json(case):
    genome = grow(**case)[-1]
    assert from_json(json.loads(json.dumps(to_json(genome)))) == genome


@thorough
@given(drawn, st.integers(0, 2**32))
def test_a_child_has_the_structure_of_its_first_parent(case, seed):
    genomes = grow(**case)
    first, second = genomes[-1], genomes[len(genomes) // 2]
    child = crossover(first, second, np.random.default_rng(seed))
    child.check()
    assert (child.hidden, child.innovations, child.sources, child.targets) == (
        first.hidden,
        first.innovations,
        first.sources,
        first.targets,
    )
    there = dict(zip(second.innovations, second.enabled, strict=True))
    for number, own, given_ in zip(first.innovations, first.enabled, child.enabled, strict=True):
        assert given_ in (own, there.get(number, own))


def test_a_child_takes_from_both_parents():
    genomes = grow(4, 2, 3, ["add_node"] * 6 + ["activation"] * 12)
    first, second = genomes[6], genomes[-1]
    children = [crossover(first, second, np.random.default_rng(seed)) for seed in range(6)]
    assert {child.activations for child in children} - {first.activations, second.activations}


def test_a_new_node_replaces_its_connection():
    genome = grow(3, 1, 0, [])[0]
    child = add_node(genome, np.random.default_rng(1), (IDS["tanh"],), Innovations.initial(3, 1))
    (split,) = [gene for gene in range(4) if genome.enabled[gene] and not child.enabled[gene]]
    assert child.hidden == (5,)
    assert child.activations == (IDS["linear"], IDS["tanh"])
    assert child.innovations[4:] == (4, 5)
    assert child.sources[4:] == (genome.sources[split], 5)
    assert child.targets[4:] == (5, genome.targets[split])
    assert child.enabled[4:] == (True, True)


def test_connections_lead_to_later_layers_until_there_is_nothing_left_to_connect():
    genome = grow(2, 2, 0, ["add_node"] * 4)[-1]
    layers, rng, numbers = genome.layers(), np.random.default_rng(2), Innovations.after(genome)
    possible = {
        (s, t)
        for s in range(genome.node_count)
        for t in range(genome.first_output, genome.node_count)
        if layers[s] < layers[t]
    }
    child = genome
    for _ in range(len(possible) + 5):
        before, layers = child, child.layers()
        child = add_connection(child, rng, numbers)
        if child is before:
            break
        assert layers[child.sources[-1]] < layers[child.targets[-1]]
        assert child.enabled[-1]
    assert child is before
    assert possible <= set(zip(child.sources, child.targets, strict=True))


def test_mutations_that_find_nothing_change_nothing():
    rng, numbers = np.random.default_rng(0), Innovations.initial(2, 1)
    empty = from_json(bound(2, 1, init_enabled=0).sample(rng))
    assert change_activation(empty, rng, OFFERED) is empty
    assert add_node(empty, rng, OFFERED, numbers) is empty
    full = from_json(bound(2, 1, init_enabled=1).sample(rng))
    assert enable(full, rng) is full
    assert add_connection(full, rng, numbers) is full
    assert change_activation(from_json(GENOTYPE), rng, (IDS["sin"],)).activations[1] == IDS["sin"]


def test_mutations_come_as_often_as_asked():
    """Rates are relative to each other: 3 in 4 of these insert a node, the others a connection."""
    space = bound(2, 1, mutations={"activation": 0, "add_node": 0.6, "add_connection": 0.2, "enable": 0})
    rng = np.random.default_rng(5)
    changed = [from_json(space.mutate(GENOTYPE, rng)) for _ in range(400)]
    nodes = sum(len(genome.hidden) == 3 for genome in changed)
    genes = sum(len(genome.innovations) == 6 for genome in changed)
    assert nodes + genes == 400
    assert 270 < nodes < 330


def test_published_rates():
    assert get_space("wann").options.mutations.model_dump() == {
        "activation": 0.5,
        "add_node": 0.25,
        "add_connection": 0.2,
        "enable": 0.05,
    }


def test_first_networks_have_the_share_of_connections_that_is_asked_for():
    architecture = bound(20, 10, init_enabled=0.25).architecture
    sampled = [bound(20, 10, init_enabled=0.25).sample(np.random.default_rng(seed)) for seed in range(10)]
    counts = [architecture(genotype).params for genotype in sampled]
    assert 0.2 < np.mean(counts) / 210 < 0.3
    assert len(set(counts)) > 1


def test_numbers_of_a_search_are_given_once():
    rng, numbers = np.random.default_rng(0), Innovations.initial(2, 1)
    space = bound(2, 1, init_enabled=1, mutations={"add_node": 1, "activation": 0, "add_connection": 0, "enable": 0})
    parent = space.sample(rng)
    one = from_json(space.mutate(parent, rng, numbers))
    again = Innovations.from_json(json.loads(json.dumps(numbers.to_json())))
    two = from_json(space.mutate(parent, rng, again))
    assert (one.hidden, two.hidden) == ((4,), (5,))
    assert (one.innovations[3:], two.innovations[3:]) == ((3, 4), (5, 6))
    assert from_json(space.mutate(to_json(two), rng)).hidden == (5, 6)


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"inputs": "2"}, "inputs", "whole number from 1, not '2'"),
        ({"inputs": 3}, "grid", "make a grid of 4 signs, not 3"),
        ({"outputs": 2}, "grid", "output .* is missing"),
        ({"outputs": 0}, "outputs", "whole number from 1"),
        ({"outputs": 10**9}, "inputs", "too many"),
        ({"nodes": [4, 6]}, "nodes", "nodes is a text"),
        ({"nodes": "1 0"}, "nodes", "one is there twice or too small"),
        ({"nodes": "1"}, "activations", "3 activations, but 1 outputs and 1 hidden"),
        ({"activations": "35"}, "activations", "an output or a node is missing"),
        ({"activations": "13c"}, "activations", "there is no activation 12"),
        ({"activations": "1z3"}, "activations", "there is no activation 'z'"),
        ({"grid": "1x0"}, "grid", "not 'x'"),
        ({"innovations": "1 0 5"}, "innovations", "one is there twice"),
        ({"innovations": "1 NaN 5"}, "innovations", "whole numbers, not 'NaN'"),
        ({"innovations": "1 --1 5"}, "innovations", "whole numbers, not '--1'"),
        ({"sources": "0 4"}, "sources", "different length"),
        ({"sources": "0 4 6"}, "sources", "there is no node 6, there are 0 to 5"),
        ({"sources": "0 4 nan"}, "sources", "not 'nan'"),
        ({"sources": "0 4 3"}, "sources", "leads from an output"),
        ({"targets": "4 3 1"}, "targets", "leads to the bias or an input"),
        ({"sources": "0 4 0"} | {"targets": "4 3 4"}, "sources", "connect the same two nodes"),
        ({"enabled": "11"}, "sources", "different length"),
        ({"enabled": "11?"}, "enabled", "not '\\?'"),
        ({"sources": "5 4 4", "targets": "4 3 5"}, "", "form a cycle.* 4, 6"),
        ({"sources": "4 4 4", "targets": "4 3 5"}, "", "form a cycle"),
    ],
)
def test_what_is_wrong_with_a_genotype_is_named(change, field, message):
    bound(2, 1).architecture(GENOTYPE)
    with pytest.raises(SpaceError, match=message) as caught:
        bound(2, 1).architecture(GENOTYPE | change)
    assert caught.value.field == f"genotype.{field}".rstrip(".")


def test_a_genotype_of_another_task_is_refused():
    with pytest.raises(SpaceError, match="2 inputs and 1 outputs, but this task has 5 inputs") as caught:
        bound(5, 1).architecture(GENOTYPE)
    assert caught.value.field == "genotype.inputs"


@pytest.mark.parametrize(
    ("options", "field", "message"),
    [
        ({"activations": ["tanh", "swish"]}, "activations", "no activation 'swish'; there are: linear"),
        ({"activations": ["tanh", "tanh"]}, "activations", "twice"),
        ({"activations": []}, "activations", "at least 1"),
        ({"init_enabled": 1.5}, "init_enabled", "less than or equal to 1"),
        ({"mutations": {"add_nodes": 1}}, "mutations.add_nodes", "not permitted"),
        ({"mutations": dict.fromkeys(MUTATIONS, 0)}, "mutations", "every mutation has rate 0"),
    ],
)
def test_a_wrong_option_of_wann_is_named(options, field, message):
    with pytest.raises(SpaceError, match=message) as caught:
        get_space("wann", **options)
    assert caught.value.field == f"space.options.{field}"
