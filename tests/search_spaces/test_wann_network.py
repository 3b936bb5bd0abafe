"""What a genome computes: the network, its torch module and its ONNX files against the genome, node by node."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces import Architecture, Signature, get_space
from search_spaces.modules import build
from search_spaces.modules.shared_weight_onnx import ensemble_onnx, shared_weight_onnx, tuned_onnx
from search_spaces.wann.activations import NAMES, activate
from search_spaces.wann.expression import express
from search_spaces.wann.genome import Genome
from search_spaces.wann.genotype import from_json
from search_spaces.wann.innovations import Innovations
from search_spaces.wann.layers import layers
from search_spaces.wann.mutations import MUTATIONS

INPUTS, OUTPUTS = 3, 2
SMOOTH = tuple(number for number, name in NAMES.items() if name not in ("step", "square"))
GROWTH = ("add_node", "add_connection", "activation", "add_node", "add_connection", "enable")

seeds = st.integers(0, 2**32)
thorough = settings(max_examples=60, deadline=None)


@cache
def grown(seed: int, steps: int = 40, offered: tuple[int, ...] = tuple(NAMES)) -> Genome:
    rng, innovations = np.random.default_rng(seed), Innovations.initial(INPUTS, OUTPUTS)
    space = get_space("wann").bind(Signature("vector", INPUTS, OUTPUTS, (1, 1)))
    genome = from_json(space.sample(rng))
    for step in range(steps):
        genome = MUTATIONS[GROWTH[step % len(GROWTH)]](genome, rng, offered, innovations)
    return genome


def numbered_anew(genome: Genome, rng: np.random.Generator) -> Genome:
    """The same network with other node ids, innovation numbers and order of its genes."""
    place = list(range(genome.first_hidden)) + (genome.first_hidden + rng.permutation(len(genome.hidden))).tolist()
    activations = list(genome.activations)
    for node in range(genome.first_output, genome.node_count):
        activations[place[node] - genome.first_output] = genome.activation(node)
    genes = rng.permutation(len(genome.sources)).tolist()
    return replace(
        genome,
        hidden=tuple((np.cumsum(rng.integers(1, 9, len(genome.hidden))) + genome.first_hidden).tolist()),
        activations=tuple(activations),
        innovations=tuple(range(genome.grid, genome.grid + len(genes))),
        sources=tuple(place[genome.sources[gene]] for gene in genes),
        targets=tuple(place[genome.targets[gene]] for gene in genes),
        enabled=tuple(genome.enabled[gene] for gene in genes),
    )


def computed(genome: Genome, x: np.ndarray, weight_of_gene: np.ndarray) -> np.ndarray:
    """Outputs (samples, outputs), by asking each node for its value; `nan` weights are connections that are not."""
    known = {0: np.ones(len(x))} | {1 + i: x[:, i] for i in range(genome.inputs)}

    def value(node: int) -> np.ndarray:
        if node not in known:
            total = np.zeros(len(x))
            for gene, target in enumerate(genome.targets):
                if target == node and not np.isnan(weight_of_gene[gene]):
                    total = total + weight_of_gene[gene] * value(genome.sources[gene])
            known[node] = activate(genome.activation(node), total)
        return known[node]

    return np.stack([value(node) for node in range(genome.first_output, genome.first_hidden)], 1)


def samples(seed: int, count: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.6, (count, INPUTS))


def run(content: bytes, *outputs: str, **feeds) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return session.run(list(outputs) or None, {name: np.asarray(x, dtype=np.float32) for name, x in feeds.items()})


def shared(genome: Genome, weight: float) -> np.ndarray:
    return np.where(genome.enabled, weight, np.nan)


@thorough
@given(seeds, st.integers(0, 60), seeds)
def test_equal_networks_have_equal_hashes(seed, steps, order):
    genome = grown(seed, steps)
    again = numbered_anew(genome, np.random.default_rng(order))
    again.check()
    one, two = (Architecture.chain([express(g).network]) for g in (genome, again))
    assert one.hash == two.hash
    assert one == two


@pytest.mark.parametrize("seed", range(8))
def test_equal_networks_of_few_kinds_have_equal_hashes(seed):
    """With one activation most nodes look alike, and only their neighbours tell them apart."""
    genome = grown(seed, 80, (1,))
    networks = {express(numbered_anew(genome, np.random.default_rng(order))).network for order in range(20)}
    assert len(networks) == 1


def test_other_networks_have_other_hashes():
    genome = grown(1)
    flipped = [replace(genome, enabled=tuple(f != (k == g) for k, f in enumerate(genome.enabled))) for g in range(20)]
    other = [replace(genome, activations=(1, 1, 5 if genome.activations[2] != 5 else 6, *genome.activations[3:]))]
    hashes = {Architecture.chain([express(g).network]).hash for g in (genome, *flipped, *other)}
    assert len(hashes) == 22


@thorough
@given(seeds, st.integers(0, 60))
def test_a_network_is_in_order(seed, steps):
    genome = grown(seed, steps)
    network = express(genome).network
    edges = list(zip(network.targets, network.sources, strict=True))
    assert edges == sorted(set(edges))
    assert all(source < target for target, source in edges)
    assert all(source < network.node_count - OUTPUTS and target > INPUTS for target, source in edges)
    assert network.params == sum(genome.enabled)
    assert network.hidden_count == len(genome.hidden)


@pytest.mark.parametrize("published", [False, True])
def test_an_expression_knows_the_gene_of_each_connection(published):
    genome = grown(4, 60)
    expression = express(genome, published)
    network, first = expression.network, 1 + INPUTS
    place = {node: first + at for at, node in enumerate(expression.hidden)}
    place |= {first + o: network.node_count - OUTPUTS + o for o in range(OUTPUTS)} | {i: i for i in range(first)}
    assert [place[genome.sources[gene]] for gene in expression.genes] == list(network.sources)
    assert [place[genome.targets[gene]] for gene in expression.genes] == list(network.targets)
    disabled = [gene for gene in expression.genes if not genome.enabled[gene]]
    hidden = range(genome.first_hidden, genome.node_count)
    assert bool(disabled) == published
    assert all(genome.sources[gene] in hidden and genome.targets[gene] in hidden for gene in disabled)


def test_the_published_flag_is_an_option_of_the_space():
    genotype = get_space("wann").bind(Signature("vector", 2, 1, (1, 1))).sample(np.random.default_rng(0))
    genotype |= {"nodes": "1 1", "activations": "155", "innovations": "1 1", "sources": "4 4", "targets": "5 3"}
    genotype |= {"enabled": "01"}
    counts = []
    for published in (False, True):
        space = get_space("wann", published_disabled=published).bind(Signature("vector", 2, 1, (1, 1)))
        counts.append(space.architecture(genotype).params)
    assert counts[1] == counts[0] + 1


@pytest.mark.parametrize("seed", range(6))
def test_layers_do_not_feed_themselves(seed):
    network = express(grown(seed, 60)).network
    found = layers(network)
    depth = {node: at for at, layer in enumerate(found) for node in layer.nodes}
    assert sorted(depth) == list(range(1 + INPUTS, network.node_count))
    assert sorted(k for layer in found for k in layer.connections) == list(range(network.params))
    ends = zip(network.sources, network.targets, strict=True)
    assert all(depth.get(source, -1) < depth[target] for source, target in ends)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("weight", [-1.5, 0.7])
def test_module_computes_what_the_genome_says(seed, weight):
    genome, x = grown(seed), samples(seed)
    module = build(Architecture.chain([express(genome).network])).double()
    (parameter,) = module.parameters()
    parameter.data.fill_(weight)
    with torch.no_grad():
        found = module(torch.tensor(x)).numpy()
    np.testing.assert_allclose(found, computed(genome, x, shared(genome, weight)), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_module_agrees_with_descriptor_once_grown(seed, measure):
    network = express(grown(seed)).network
    module = build(Architecture.chain([network]))
    measured = measure(module, (INPUTS,))
    assert (measured.params, measured.macs, measured.out_shape) == (network.params, network.macs, (OUTPUTS,))
    assert list(module.state_dict()) == ["nodes.0.weight"]


def test_gradients_reach_every_connection_that_reaches_an_output():
    genome = grown(3, 60, (5,))
    network = express(genome).network
    module = build(Architecture.chain([network])).double()
    x = torch.tensor(samples(0, 16))
    module(x).square().mean().backward()
    (gradient,) = [parameter.grad for parameter in module.parameters()]
    alive = set(range(network.node_count - OUTPUTS, network.node_count))
    for source, target in sorted(zip(network.sources, network.targets, strict=True), reverse=True, key=lambda e: e[1]):
        alive |= {source} if target in alive else set()
    expected = [target in alive for target in network.targets]
    assert (gradient != 0).tolist() == expected
    assert sum(expected) > 10


@pytest.mark.parametrize("number", NAMES)
def test_every_activation_is_exported(number):
    """One hidden node of each, and one for another that shares its layer, on inputs around 0."""
    genome = Genome(
        1,
        2,
        (4, 5, 6),
        (1, number, number, 5, number),
        *zip(*[(0, 0, 4), (1, 1, 4), (2, 1, 5), (3, 4, 2), (4, 5, 3), (5, 0, 3), (6, 4, 6), (7, 6, 3)], strict=True),
        (True,) * 8,
    )
    genome.check()
    x = np.linspace(-2, 2, 41)[:, None] + 0.01
    for weight in (-1.3, 0.6):
        expected = computed(genome, x, shared(genome, weight))
        content = shared_weight_onnx(express(genome).network)
        (found,) = run(content, input=x, shared_weight=[weight])
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("seed", range(5))
def test_the_shared_weight_is_an_input_that_may_be_left_out(seed):
    genome, x = grown(seed, 40, SMOOTH), samples(seed)
    content = shared_weight_onnx(express(genome).network, weight=-0.8)
    for weight, feeds in ((-0.8, {}), (0.5, {"shared_weight": [0.5]})):
        (found,) = run(content, input=x, **feeds)
        np.testing.assert_allclose(found, computed(genome, x, shared(genome, weight)), rtol=1e-3, atol=1e-4)


def test_tuned_weights_stand_at_their_connections():
    genome, x = grown(2, 40, SMOOTH), samples(2)
    expression = express(genome)
    weights = np.random.default_rng(0).normal(size=expression.network.params)
    of_gene = np.full(len(genome.sources), np.nan)
    of_gene[list(expression.genes)] = weights
    (found,) = run(tuned_onnx(expression.network, weights), input=x)
    np.testing.assert_allclose(found, computed(genome, x, of_gene), rtol=1e-3, atol=1e-4)


def test_an_ensemble_averages_the_outputs_of_a_controller():
    genome, x, weights = grown(2, 40, SMOOTH), samples(2), [-2, -0.5, 1]
    (found,) = run(ensemble_onnx(express(genome).network, weights, classification=False), input=x)
    expected = np.mean([computed(genome, x, shared(genome, weight)) for weight in weights], 0)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("weights", [[-2, -0.5, 1], [1, -1], [0.7]])
def test_an_ensemble_of_classifiers_votes(weights):
    genome, x = grown(6, 40, SMOOTH), samples(2, 50)
    content = ensemble_onnx(express(genome).network, weights, classification=True)
    output, votes, label = run(content, "output", "votes", "label", input=x)
    logits = np.stack([computed(genome, x, shared(genome, weight)) for weight in weights])
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    mean = (shares / shares.sum(-1, keepdims=True)).mean(0)
    expected = np.eye(OUTPUTS)[logits.argmax(-1)].mean(0)
    np.testing.assert_allclose(output, mean, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(votes, expected, atol=1e-6)
    assert label.dtype == np.int64
    assert label.tolist() == [
        max(range(OUTPUTS), key=lambda c: (v[c], m[c])) for v, m in zip(expected.round(6), mean, strict=True)
    ]


def test_a_network_without_connections_is_exported_too():
    space = get_space("wann", init_enabled=0).bind(Signature("vector", 3, 2, (1, 1)))
    network = express(space.genome(space.sample(np.random.default_rng(0)))).network
    (found,) = run(shared_weight_onnx(network), input=np.ones((4, 3)))
    assert found.tolist() == [[0, 0]] * 4


def test_weights_that_are_no_numbers_are_refused():
    network = express(grown(0)).network
    weights = np.ones(network.params)
    with pytest.raises(ValueError, match=rf"{network.params} connections, but weights have the shape \(3,\)"):
        tuned_onnx(network, np.ones(3))
    weights[1] = np.nan
    with pytest.raises(ValueError, match="weights must be finite"):
        tuned_onnx(network, weights)
    with pytest.raises(ValueError, match="default of the shared weight must be finite"):
        shared_weight_onnx(network, np.inf)
    with pytest.raises(ValueError, match="weights must be finite"):
        ensemble_onnx(network, [1, np.nan], classification=True)
    with pytest.raises(ValueError, match="at least one weight"):
        ensemble_onnx(network, [], classification=True)
