"""Weights cut to a narrower network: a network of which only dead channels are cut computes what it did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from search_spaces import Architecture, Genotype, NarrowableSpace, Signature, get_space
from search_spaces.modules import build, narrowed

ONE: dict[str, Any] = {
    "backbone": [{"width": 16}, {"width": 24, "depth": 2, "stride": 2}, {"width": 40, "depth": 2, "stride": 2}],
    "resolution": [16],
    "width_factors": [1.0],
    "depth_offsets": [0],
    "kernel": [3],
    "expansion": [3],
    "activation": ["hswish"],
    "hidden": 24,
}
KINDS = [
    pytest.param({"ops": [op], "skip": [skip], "se": [op != "conv"], "last_stage": [form]}, id=f"{op}-{skip}-{form}")
    for op in ("mbconv", "separable", "conv")
    for skip, form in (("identity", "efficient"), ("pool", "original"), ("none", "efficient"))
]


def network(kind: dict[str, Any]) -> tuple[NarrowableSpace, Genotype]:
    space = get_space("mobilenetv3", **ONE, **kind).bind(Signature("image", 2, 5, (8, 32)))
    assert isinstance(space, NarrowableSpace)
    return space, {"choices": [0] * len(space.positions)}  # type: ignore[attr-defined]


def trained(architecture: Architecture) -> nn.Module:
    """A module in which every weight and every statistic is random."""
    torch.manual_seed(1)
    module = build(architecture).eval()
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape) + 0.5 if "running_var" in name else torch.randn(tensor.shape) * 0.3)
    return module


def dead(channels: int, kept: int) -> torch.Tensor:
    """Which of so many channels die: some at each end and in between."""
    return torch.randperm(channels, generator=torch.Generator().manual_seed(channels))[kept:]


def silence(wide: Architecture, narrow: Architecture, module: nn.Module) -> None:
    """Make channels that `narrow` has no room for dead: whatever makes them, and whatever would wake them up."""
    coming = torch.tensor([], dtype=torch.int64)
    for node, (before, after) in zip(module.nodes, zip(wide.ops, narrow.ops, strict=True), strict=True):  # type: ignore[arg-type]
        leaving = dead(before.out_shape[0], after.out_shape[0]) if len(before.out_shape) == 3 else coming
        within = leaving
        if before.kind == "mbconv":
            within = dead(before.expanded_channels, after.expanded_channels) if before.expands else coming
            squeezed = dead(before.se_channels, after.se_channels)
        for name, tensor in tensors(node):
            if before.kind == "conv" or name.startswith("projection"):
                tensor[leaving] = 0
            elif before.kind == "mbconv":
                tensor[squeezed if name.startswith("se.reduce") else within] = 0
        coming = leaving


def tensors(node: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """Those with channels in the first place; variances stay, for they only divide."""
    for name, tensor in node.state_dict().items():
        if tensor.ndim and "running_var" not in name:
            yield name, tensor


@pytest.mark.parametrize("kind", KINDS)
def test_cutting_dead_channels_changes_nothing(kind: dict[str, Any]) -> None:
    space, genotype = network(kind)
    wide = space.architecture(genotype)
    x = torch.randn(3, *wide.input_shape, generator=torch.Generator().manual_seed(0))
    cuts = list(space.narrowings(genotype, lambda g: space.architecture(g).macs, 1))
    assert len(cuts) >= 3
    for name, cut in cuts:
        narrow, module = space.architecture(cut), trained(wide)
        silence(wide, narrow, module)
        child = build(narrow).eval()
        state = narrowed(narrow, module.state_dict())
        child.load_state_dict(state)  # every tensor fits
        torch.testing.assert_close(child(x), module(x), msg=lambda said, name=name: f"{name}: {said}")
        assert module(x).std() > 1e-3


def test_the_largest_filters_stay_in_their_order() -> None:
    space, genotype = network({"ops": ["mbconv"], "skip": ["identity"], "se": [False]})
    wide = space.architecture(genotype)
    state = trained(wide).state_dict()
    name = "stage1.layer1.expanded"  # node 3: stem, one layer of stage 0, two of stage 1
    cut = dict(space.narrowings(genotype, lambda g: space.architecture(g).macs, 1))[name]
    filters = state["nodes.3.expansion.0.weight"]
    largest = filters.flatten(1).norm(dim=1).argsort(descending=True)[: space.widths(cut)[name]].sort().values
    found = narrowed(space.architecture(cut), state)
    assert torch.equal(found["nodes.3.expansion.0.weight"], filters[largest])
    assert torch.equal(found["nodes.3.depthwise.0.weight"], state["nodes.3.depthwise.0.weight"][largest])
    assert torch.equal(found["nodes.3.projection.0.weight"], state["nodes.3.projection.0.weight"][:, largest])
    assert all(found[key] is tensor for key, tensor in state.items() if not key.startswith("nodes.3."))


def test_blocks_that_add_to_one_another_are_ranked_together() -> None:
    """The filters of a channel count in every block that makes it."""
    space, genotype = network({"ops": ["mbconv"], "skip": ["identity"], "se": [False]})
    state = trained(space.architecture(genotype)).state_dict()
    makers = ["nodes.2.projection.0.weight", "nodes.3.projection.0.weight"]
    norms = sum(state[each].flatten(1).square().sum(1) for each in makers)
    cut = dict(space.narrowings(genotype, lambda g: space.architecture(g).macs, 1))["stage1.width"]
    largest = torch.as_tensor(norms).argsort(descending=True)[:16].sort().values
    found = narrowed(space.architecture(cut), state)
    for each in makers:
        assert torch.equal(found[each], state[each][largest])
    assert torch.equal(found["nodes.4.expansion.0.weight"], state["nodes.4.expansion.0.weight"][:, largest])


def test_what_differs_in_more_than_widths_stays_as_it_is() -> None:
    space, genotype = network({"ops": ["mbconv"], "skip": ["identity"], "se": [False]})
    cut = dict(space.narrowings(genotype, lambda g: space.architecture(g).macs, 1))["stage1.width"]
    state = trained(space.architecture(genotype)).state_dict()
    assert narrowed(space.architecture(genotype), {}) == {}
    wider = narrowed(space.architecture(genotype), trained(space.architecture(cut)).state_dict())
    assert wider["nodes.2.projection.0.weight"].shape[0] == 16  # there is nothing to widen it with
    lacking = {name: tensor for name, tensor in state.items() if not name.startswith("nodes.2.projection")}
    found = narrowed(space.architecture(cut), lacking)
    own = build(space.architecture(cut)).state_dict()
    fitting = [name for name in found if found[name].shape == own[name].shape]
    assert len(own) > len(fitting) > 0.7 * len(own)
