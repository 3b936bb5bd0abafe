"""From a genome to the network that it means, in an order that depends on the structure alone.

Hidden nodes stand by layer, and within a layer by what they are (activation, and what feeds them), then by what they
feed, then by the places of their sources. So genomes that differ in ids, innovation numbers or the order of their genes
give equal networks. Only nodes that differ in none of the three are told apart by their ids: they are interchangeable
but for rare structures, where the price of a wrong order is that a network is evaluated twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ops import SharedWeightNetwork
from .genome import Genome

Key = tuple[int, list[int]]


@dataclass(frozen=True)
class Expression:
    """A network and where it comes from: the gene of each connection, and the genome's index of each hidden node."""

    network: SharedWeightNetwork
    genes: tuple[int, ...]
    hidden: tuple[int, ...]


def express(genome: Genome, published_disabled: bool = False) -> Expression:
    """The network of the genes that are enabled; every hidden node is part of it, connected or not.

    With `published_disabled` disabled genes between hidden nodes are active too, as in the published code.
    """
    active = _active(genome, published_disabled)
    place = _places(genome, active)
    nodes = 1 + genome.inputs + len(genome.hidden) + genome.outputs
    sources, targets = genome.sources, genome.targets
    edges = sorted([(place[targets[gene]] * nodes + place[sources[gene]], gene) for gene in active])
    hidden = sorted(range(genome.first_hidden, genome.node_count), key=place.__getitem__)
    network = SharedWeightNetwork(
        (genome.inputs,),
        genome.outputs,
        (*[genome.activation(node) for node in hidden], *genome.activations[: genome.outputs]),
        tuple([edge % nodes for edge, _ in edges]),
        tuple([edge // nodes for edge, _ in edges]),
    )
    return Expression(network, tuple([gene for _, gene in edges]), tuple(hidden))


def _active(genome: Genome, published_disabled: bool) -> list[int]:
    if not published_disabled:
        return [gene for gene, flag in enumerate(genome.enabled) if flag]
    first = genome.first_hidden
    columns = zip(genome.enabled, genome.sources, genome.targets, strict=True)
    return [gene for gene, (flag, s, t) in enumerate(columns) if flag or (s >= first and t >= first)]


def _places(genome: Genome, active: list[int]) -> list[int]:
    """Position in the network's order of every node of the genome."""
    feeding: list[list[int]] = [[] for _ in range(genome.node_count)]
    for gene in active:
        feeding[genome.targets[gene]].append(genome.sources[gene])
    place = list(range(genome.node_count))
    hidden = len(genome.hidden)
    place[genome.first_output : genome.first_hidden] = range(1 + genome.inputs + hidden, genome.node_count)
    ties = _rank_by_sources(genome, feeding, place)
    if ties:
        _split_by_targets(ties, feeding, place)
    return place


def _rank_by_sources(genome: Genome, feeding: list[list[int]], place: list[int]) -> list[list[int]]:
    """Give hidden nodes places by layer, activation and places of their sources; equal ones share their first place.

    Returns the groups of equal ones, in the order of their places.
    """
    activations, outputs, following = genome.activations, genome.first_output, genome.first_output
    ties: list[list[int]] = []
    for layer in _hidden_layers(genome, feeding):
        keyed = [((activations[node - outputs], sorted([place[s] for s in feeding[node]])), node) for node in layer]
        ties += _rank(keyed, following, place)
        following += len(layer)
    return ties


def _split_by_targets(ties: list[list[int]], feeding: list[list[int]], place: list[int]) -> None:
    """Give nodes that share a place places of their own: by what they feed, then by sources, then by id."""
    fed: dict[int, list[int]] = {node: [] for group in ties for node in group}
    for target, sources in enumerate(feeding):
        for source in sources:
            if source in fed:
                fed[source].append(target)
    left: list[list[int]] = []
    for group in reversed(ties):
        keyed = [((0, sorted([place[t] for t in fed[node]])), node) for node in group]
        left += _rank(keyed, place[group[0]], place)
    for group in sorted(left, key=lambda nodes: place[nodes[0]]):
        settled = sorted(group, key=lambda node: (sorted([place[s] for s in feeding[node]]), node))
        for position, node in enumerate(settled, place[group[0]]):
            place[node] = position


def _rank(keyed: list[tuple[Key, int]], start: int, place: list[int]) -> list[list[int]]:
    """Places from `start` in the order of the keys; nodes of equal keys share the first, and are returned as groups."""
    keyed.sort()
    groups: dict[int, list[int]] = {}
    previous: Key | None = None
    shared = start
    for position, (key, node) in enumerate(keyed, start):
        if key == previous:
            groups.setdefault(shared, [keyed[shared - start][1]]).append(node)
        else:
            shared, previous = position, key
        place[node] = shared
    return list(groups.values())


def _hidden_layers(genome: Genome, feeding: list[list[int]]) -> list[list[int]]:
    """Hidden nodes by the length of the longest active path to them, nearest first."""
    depth = [0] * genome.node_count
    layers: list[list[int]] = [[] for _ in genome.hidden]
    for node in genome.order:
        at = 0
        for source in feeding[node]:
            at = max(at, depth[source])
        layers[at].append(node)
        depth[node] = at + 1
    return layers
