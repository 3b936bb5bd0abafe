"""The genome of a weight agnostic network: nodes and connection genes with innovation numbers (arXiv 1906.04358)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from operator import ge

from ..errors import SpaceError
from .activations import NAMES


@dataclass(frozen=True)
class Genome:
    """Nodes by index: 0 is the bias, then `inputs`, then `outputs`, then one hidden node for each id in `hidden`.

    `hidden` are node ids in ascending order: the same id in two genomes of a search is the same node. `activations` are
    those of the outputs, then of the hidden nodes. Gene k, with the innovation number `innovations[k]` (ascending),
    leads from node `sources[k]` to node `targets[k]`; a gene that is not enabled still counts as an edge of the order.
    Numbers below `grid` are kept for the genes from bias and inputs to the outputs, output by output.

    `check` says what is wrong with columns from elsewhere; what asks for the order refuses a cycle.
    """

    inputs: int
    outputs: int
    hidden: tuple[int, ...]
    activations: tuple[int, ...]
    innovations: tuple[int, ...]
    sources: tuple[int, ...]
    targets: tuple[int, ...]
    enabled: tuple[bool, ...]

    def check(self) -> None:
        """Raises SpaceError that names the column at fault, for all that a single gene or node can have wrong."""
        self._check_nodes()
        self._check_columns()
        self._check_edges()

    @property
    def grid(self) -> int:
        """How many genes lead from bias and inputs to the outputs in a full genome."""
        return (1 + self.inputs) * self.outputs

    @property
    def first_output(self) -> int:
        return 1 + self.inputs

    @property
    def first_hidden(self) -> int:
        return 1 + self.inputs + self.outputs

    @property
    def node_count(self) -> int:
        """Bias, inputs, outputs and hidden nodes."""
        return self.first_hidden + len(self.hidden)

    def node_id(self, node: int) -> int:
        """The id of a node by its index; bias, inputs and outputs have their index as id."""
        return node if node < self.first_hidden else self.hidden[node - self.first_hidden]

    def activation(self, node: int) -> int:
        """The activation id of an output or hidden node."""
        return self.activations[node - self.first_output]

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Hidden nodes, each after those that feed it, by Kahn's algorithm. Raises SpaceError for a cycle."""
        first, waiting = self.first_hidden, [0] * self.node_count
        fed: list[list[int]] = [[] for _ in waiting]
        for source, target in zip(self.sources, self.targets, strict=True):
            if source >= first and target >= first:
                fed[source].append(target)
                waiting[target] += 1
        order = [node for node in range(first, self.node_count) if not waiting[node]]
        for node in order:
            for target in fed[node]:
                waiting[target] -= 1
                if not waiting[target]:
                    order.append(target)
        if len(order) < len(self.hidden):
            stuck = sorted(set(range(first, self.node_count)) - set(order))
            named = ", ".join(str(self.node_id(node)) for node in stuck[:5])
            raise SpaceError(f"the connections form a cycle; these nodes are on it or after it: {named}", "genotype")
        return tuple(order)

    def layers(self) -> list[int]:
        """Layer of every node: 0 for bias and inputs, 1 + the longest path of hidden nodes before it, outputs last."""
        first = self.first_hidden
        fed: dict[int, list[int]] = {}
        for source, target in zip(self.sources, self.targets, strict=True):
            if source >= first and target >= first:
                fed.setdefault(source, []).append(target)
        layers = [0] * first + [1] * len(self.hidden)
        for node in self.order:
            for target in fed.get(node, ()):
                layers[target] = max(layers[target], layers[node] + 1)
        last = max(layers) + 1
        layers[self.first_output : first] = [last] * self.outputs
        return layers

    def _check_nodes(self) -> None:
        if self.inputs < 1 or self.outputs < 1:
            raise SpaceError(
                f"a network needs an input and an output, not {self.inputs} and {self.outputs}", "genotype.outputs"
            )
        if _falls((self.first_hidden - 1, *self.hidden)):
            raise SpaceError("the ids of hidden nodes do not rise: one is there twice or too small", "genotype.nodes")
        if len(self.activations) != self.outputs + len(self.hidden):
            raise SpaceError(
                f"{len(self.activations)} activations, but {self.outputs} outputs and {len(self.hidden)} hidden nodes: "
                "an output or a node is missing",
                "genotype.activations",
            )
        if unknown := set(self.activations) - NAMES.keys():
            raise SpaceError(f"there is no activation {min(unknown)}; ids: 1 to {max(NAMES)}", "genotype.activations")

    def _check_columns(self) -> None:
        lengths = {name: len(getattr(self, name)) for name in ("innovations", "sources", "targets", "enabled")}
        if len(set(lengths.values())) > 1:
            raise SpaceError(f"columns of genes of different length: {lengths}", "genotype.sources")
        if _falls((-1, *self.innovations)):
            raise SpaceError("innovation numbers do not rise: one is there twice", "genotype.innovations")

    def _check_edges(self) -> None:
        known, ends = range(self.node_count), range(self.first_output, self.first_hidden)
        for name, column in (("sources", self.sources), ("targets", self.targets)):
            if column and not (min(column) in known and max(column) in known):
                wrong = next(node for node in column if node not in known)
                raise SpaceError(f"there is no node {wrong}, there are 0 to {known[-1]}", f"genotype.{name}")
        if not set(ends).isdisjoint(self.sources):
            raise SpaceError("a connection leads from an output; outputs feed nothing", "genotype.sources")
        if self.targets and min(self.targets) < self.first_output:
            raise SpaceError("a connection leads to the bias or an input; these are only read", "genotype.targets")
        if len(set(zip(self.sources, self.targets, strict=True))) < len(self.sources):
            raise SpaceError("two genes connect the same two nodes", "genotype.sources")


def _falls(numbers: tuple[int, ...]) -> bool:
    return any(map(ge, numbers, numbers[1:]))
