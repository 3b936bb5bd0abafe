"""What the built modules compute, beyond what the conformance suite counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from search_spaces import Architecture, Node
from search_spaces.modules import build, build_op
from search_spaces.ops import Classifier, Conv, MBConv


def test_hard_activations_are_the_published_ones():
    """That is x * relu6(x + 3) / 6 (arXiv 1905.02244, section 5.2)."""
    x = torch.linspace(-5, 5, 41)
    activation = build_op(Conv((1, 4, 4), 2, 3, activation="hswish")).act
    torch.testing.assert_close(activation(x.clone()), x * torch.clamp(x + 3, 0, 6) / 6)


@pytest.mark.parametrize("op", [Conv((4, 8, 8), 4, 3, 1), MBConv((4, 8, 8), 4, 3, 1, 8), MBConv((4, 8, 8), 4, 3, 1, 4)])
@pytest.mark.parametrize("skip", ["identity", "pool"])
def test_skip_adds_its_input(op, skip):
    plain = build_op(op).eval()
    skipping = build_op(replace(op, skip=skip)).eval()
    skipping.load_state_dict(plain.state_dict())
    x = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    expected = x if skip == "identity" else torch.nn.functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    torch.testing.assert_close(skipping(x), plain(x) + expected)


def test_forward_leaves_its_input_as_it_was():
    """Activations work in place, which must not reach what a shortcut reads."""
    x = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    before = x.clone()
    build_op(MBConv((4, 8, 8), 4, 3, 1, 4, 8, "relu", "identity"))(x)
    build_op(Conv((4, 8, 8), 4, 3, 1, "relu", "identity"))(x)
    torch.testing.assert_close(x, before)


def test_equal_seeds_give_equal_weights():
    architecture = Architecture.chain([Conv((1, 8, 8), 8, 3, 2), Classifier((8, 4, 4), 10, 16)])
    states = []
    for _ in range(2):
        torch.manual_seed(3)
        states.append(build(architecture).state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_graph_follows_its_edges():
    """Both blocks read the stem; only the second one reaches the output."""
    stem, block = Conv((1, 8, 8), 4, 3), Conv((4, 8, 8), 4, 3)
    nodes = (Node(stem, (-1,)), Node(block, (0,)), Node(block, (0,)), Node(Classifier((4, 8, 8), 3), (2,)))
    network = build(Architecture((1, 8, 8), nodes)).eval()
    x = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    first, _, second, head = network.nodes
    torch.testing.assert_close(network(x), head(second(first(x))))
