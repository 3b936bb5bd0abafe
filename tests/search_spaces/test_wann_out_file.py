"""The published file format: what it means, what it is refused for, and that a genome survives it."""

from __future__ import annotations

import numpy as np
import pytest

from search_spaces import Signature, SpaceError, get_space
from search_spaces.wann.activations import IDS
from search_spaces.wann.expression import express
from search_spaces.wann.genotype import from_json, to_json
from search_spaces.wann.out_file import read_out, write_network, write_out

# Bias, two inputs, two hidden nodes, one output: a left-over weight, a disabled connection, none from the first input.
ROWS = [
    "0,0,0,1.00e+00,0,nan,1",
    "0,0,0,0,0,0.00e+00,1",
    "0,0,0,1.00e+00,-1.72e+00,0,1",
    "0,0,0,0,1.00e+00,nan,5.00e+00",
    "0,0,0,0,0,1.29e+00,3",
    "0,0,0,0,0,0,1",
]


def text(**changed: str) -> str:
    """The file with some rows changed: `row3="..."`."""
    rows = list(ROWS)
    for name, row in changed.items():
        rows[int(name.removeprefix("row")) - 1] = row
    return "\n".join(rows) + "\n"


def test_a_published_file_is_read():
    genome = read_out(text())
    assert (genome.inputs, genome.outputs, len(genome.hidden)) == (2, 1, 2)
    assert genome.activations == (IDS["linear"], IDS["tanh"], IDS["sin"])
    network = express(genome).network
    assert network.activations == (IDS["tanh"], IDS["sin"], IDS["linear"])
    assert set(zip(network.sources, network.targets, strict=True)) == {(0, 3), (2, 3), (2, 4), (3, 4), (4, 5)}
    assert genome.enabled.count(False) == 2


def test_a_file_that_was_read_is_a_genotype_that_grows():
    space = get_space("wann").bind(Signature("vector", 2, 1, (1, 1)))
    genotype = to_json(read_out(text()))
    assert genotype["grid"] == "0--"
    rng = np.random.default_rng(0)
    for _ in range(30):
        genotype = space.mutate(genotype, rng)
    assert space.architecture(genotype).output_shape == (1,)
    assert from_json(genotype).innovations[:1] == (0,)


@pytest.mark.parametrize("seed", range(5))
def test_a_genome_survives_its_file(seed):
    """The order of hidden nodes in the file is one of several, so that what is compared are the networks."""
    space = get_space("wann").bind(Signature("vector", 3, 2, (1, 1)))
    rng = np.random.default_rng(seed)
    genotype = space.sample(rng)
    for _ in range(60):
        genotype = space.mutate(genotype, rng)
    genome = from_json(genotype)
    again = read_out(write_out(genome))
    assert express(again).network == express(genome).network
    assert express(again, published_disabled=True).network == express(genome, published_disabled=True).network
    assert again.enabled.count(False) == genome.enabled.count(False)
    published = read_out(write_out(genome, published_disabled=True))
    assert express(published).network == express(genome, published_disabled=True).network


def test_a_written_file_looks_like_the_published_ones():
    lines = write_out(read_out(text())).splitlines()
    assert [len(line.split(",")) for line in lines] == [7] * 6
    assert lines[2] == "0.00e+00,0.00e+00,0.00e+00,1.00e+00,1.00e+00,0.00e+00,1.00e+00"
    assert lines[3] == "0.00e+00,0.00e+00,0.00e+00,0.00e+00,1.00e+00,nan,5.00e+00"


def test_a_network_is_written_with_weights_of_its_own():
    network = express(read_out(text())).network
    assert express(read_out(write_network(network))).network == network
    weights = np.arange(1.0, 1 + network.params) / 4
    rows = [line.split(",") for line in write_network(network, weights).splitlines()]
    written = [float(rows[s][t]) for s, t in zip(network.sources, network.targets, strict=True)]
    assert written == weights.tolist()


def test_sizes_that_are_given_decide():
    """Without the connections to the first hidden node it looks like a third input."""
    unfed = text(row1="0,0,0,0,0,nan,1", row3="0,0,0,0,-1.72e+00,0,1")
    assert (read_out(unfed).inputs, len(read_out(unfed).hidden)) == (3, 1)
    assert (read_out(unfed, inputs=2).inputs, len(read_out(unfed, inputs=2).hidden)) == (2, 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file has 0 rows"),
        ("\n".join(ROWS[:5]), "row 1 has 7 numbers, but 5 rows need 6"),
        (text(row4="0,0,0,0,1,5"), "row 4 has 6 numbers, but 6 rows need 7"),
        (text(row2="0,0,0,0,x1,0,1"), "row 2, column 5: 'x1' is no number"),
        (text(row2="0,0,0,0,,0,1"), "row 2, column 5: '' is no number"),
        (text(row2="0,0,0,0,inf,0,1"), "row 2, column 5 is infinite"),
        (text(row5="0,0,0,0,0,1,12"), "row 5 ends in 12, which is no activation; ids: 1 to 11"),
        (text(row5="0,0,0,0,0,1,2.5"), "row 5 ends in 2.5"),
        (text(row5="0,0,0,0,0,1,nan"), "row 5 ends in nan"),
        (text(row5="0,0,0,1,0,1,3"), "row 5, column 4: .* node 4 to node 3, which is not later .* cycle"),
        (text(row5="0,0,0,nan,0,1,3"), "cycle"),
        (text(row4="0,0,0,1,0,1,3"), "row 4, column 4: .* cycle"),
        (text(row3="0,1,0,1,1,0,1"), "how many inputs .* state the inputs"),
        (text(row6="0,0,0,0,0,1,1"), "how many outputs .* state the outputs"),
        ("0,1\n", "how many inputs"),
        ("\n".join(["0,0,0,1"] * 3), "how many inputs"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(content, message):
    with pytest.raises(SpaceError, match=message):
        read_out(content)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((5, 1), "6 nodes, which cannot be a bias, 5 inputs and 1 outputs: an output is missing"),
        ((2, 0), "2 inputs and 0 outputs"),
        ((3, 1), "row 1, column 4: .* to node 3, which is the bias or one of 3 inputs"),
        ((2, 2), "row 5, column 6: .* node 4 is one of 2 outputs, which feed nothing"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(sizes, message):
    with pytest.raises(SpaceError, match=message):
        read_out(text(), *sizes)
