"""The picture shows every node and connection once, where its layer is, and stays well-formed for any title."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from search_spaces import Signature, get_space
from search_spaces.ops import SharedWeightNetwork
from search_spaces.wann.activations import NAMES
from search_spaces.wann.expression import express
from search_spaces.wann.layers import layers
from search_spaces.wann.layout import layout
from search_spaces.wann.picture import COLOURS, NEGATIVE, POSITIVE, picture

SVG = "{http://www.w3.org/2000/svg}"
# Bias, 2 inputs, 3 hidden nodes (the last reaches no output), 1 output.
SMALL = SharedWeightNetwork((2,), 1, (5, 9, 2, 1), (0, 1, 2, 3, 2, 3, 4), (3, 3, 4, 4, 5, 5, 6))


def grown(inputs: int, outputs: int, mutations: int) -> SharedWeightNetwork:
    space = get_space("wann").bind(Signature("vector", inputs, outputs, (1, 1)))
    rng = np.random.default_rng(0)
    genotype = space.sample(rng)
    for _ in range(mutations):
        genotype = space.mutate(genotype, rng)
    return express(space.genome(genotype)).network


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314 - our own


@pytest.mark.parametrize(("inputs", "outputs", "mutations"), [(1, 1, 0), (5, 1, 60), (24, 4, 300), (64, 10, 60)])
def test_every_node_and_connection_is_drawn_inside_the_picture(inputs, outputs, mutations):
    network = grown(inputs, outputs, mutations)
    root = ET.fromstring(picture(network, title="grown"))  # noqa: S314
    drawing = root.find(f"{SVG}g")
    paths, nodes = drawing.findall(f".//{SVG}path"), drawing.findall(f"{SVG}g/{SVG}title")
    assert len(paths) == network.params
    assert len(nodes) == network.node_count
    places = layout(network).places
    width, height = float(root.get("width")), float(root.get("height"))
    shift = [float(part) for part in re.findall(r"[\d.]+", drawing.get("transform"))]
    assert all(place.x + shift[0] - place.radius > 0 for place in places)
    assert all(
        place.x + shift[0] + place.radius < width and place.y + shift[1] + place.radius < height for place in places
    )


@pytest.mark.parametrize(("inputs", "mutations"), [(5, 0), (5, 60), (24, 300)])
def test_columns_are_layers_and_nodes_do_not_overlap(inputs, mutations):
    network = grown(inputs, 2, mutations)
    places = layout(network).places
    columns: dict[float, list] = {}
    for place in places:
        columns.setdefault(place.x, []).append(place)
    assert len(columns) == 1 + len(layers(network))
    assert all(places[s].x < places[t].x for s, t in zip(network.sources, network.targets, strict=True))
    for column in columns.values():
        heights = sorted(place.y for place in column)
        assert all(b - a > 2 * column[0].radius for a, b in pairwise(heights))


@pytest.mark.parametrize(("inputs", "mutations"), [(5, 120), (24, 300)])
def test_connections_pass_beside_nodes(inputs, mutations):
    """A connection has a point in every column between its ends, outside every node there."""
    network = grown(inputs, 2, mutations)
    drawn = layout(network)
    xs = sorted({place.x for place in drawn.places})
    ends = zip(network.sources, network.targets, strict=True)
    for (source, target), way in zip(ends, drawn.ways, strict=True):
        first, last = xs.index(drawn.places[source].x), xs.index(drawn.places[target].x)
        assert [x for x, _ in way] == xs[first + 1 : last]
        for x, y in way:
            assert all(abs(place.y - y) > place.radius for place in drawn.places if place.x == x)


def test_legend_names_what_is_used_and_labels_name_ends():
    shown = texts(picture(SMALL, title="Swing-up"))
    assert shown[:2] == ["Swing-up", "2 inputs, 3 hidden nodes, 1 output, 7 connections"]
    assert {"bias", "in 1", "in 2", "out 1", "linear", "step", "tanh", "relu"} == set(shown[2:])


def test_weights_are_colours_and_widths():
    svg = picture(SMALL, [1.0, -2.0, 0.0, 0.5, 1.0, 1.0, 1.0])
    strokes = re.findall(r'stroke="(#\w+)" stroke-width="([\d.]+)"', svg.partition("<g transform")[2])[:7]
    assert [colour for colour, _ in strokes].count(NEGATIVE) == 1
    assert strokes[1] == (NEGATIVE, "3.60")
    assert strokes[2] == (POSITIVE, "0.50")
    assert {"positive", "negative"} <= set(texts(svg))
    assert not {"positive", "negative"} & set(texts(picture(SMALL)))


def test_a_node_that_reaches_no_output_is_pale():
    faint = re.findall(r'opacity="0.35"><title>([^<]*)', picture(SMALL))
    assert faint == ["node 5: step, reaches no output"]


def test_a_title_is_only_text():
    svg = picture(SMALL, title='<script>alert("x")</script> \x00& more')
    assert "<script" not in svg
    assert texts(svg)[0] == '<script>alert("x")</script> & more'


def test_weights_of_another_network_are_refused():
    with pytest.raises(ValueError, match="7 connections, but there are 3 weights"):
        picture(SMALL, [1.0, 2.0, 3.0])


def test_every_activation_has_a_colour_of_its_own():
    assert set(COLOURS) == set(NAMES.values())
    assert len(set(COLOURS.values())) == len(COLOURS)
