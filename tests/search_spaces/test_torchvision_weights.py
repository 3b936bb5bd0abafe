"""Weights in torchvision's key layout load into our references, and the network then computes what they say.

The layout and the forward pass here are written from its published rules alone; torchvision itself is not needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from search_spaces import Architecture, get_space
from search_spaces.modules import build
from search_spaces.modules.torchvision_weights import WeightsError, from_torchvision

# input, kernel, expanded, output, squeeze-and-excitation, activation, stride
LARGE = """16 3 16 16 - RE 1|16 3 64 24 - RE 2|24 3 72 24 - RE 1|24 5 72 40 se RE 2|40 5 120 40 se RE 1
40 5 120 40 se RE 1|40 3 240 80 - HS 2|80 3 200 80 - HS 1|80 3 184 80 - HS 1|80 3 184 80 - HS 1|80 3 480 112 se HS 1
112 3 672 112 se HS 1|112 5 672 160 se HS 2|160 5 960 160 se HS 1|160 5 960 160 se HS 1"""
SMALL = """16 3 16 16 se RE 2|16 3 72 24 - RE 2|24 3 88 24 - RE 1|24 5 96 40 se HS 2|40 5 240 40 se HS 1
40 5 240 40 se HS 1|40 5 120 48 se HS 1|48 5 144 48 se HS 1|48 5 288 96 se HS 2
96 5 576 96 se HS 1|96 5 576 96 se HS 1"""
NETWORKS = {"mobilenetv3-large": (LARGE, 1280), "mobilenetv3-small": (SMALL, 1024)}
ACTIVATIONS = {"RE": F.relu, "HS": F.hardswish, "": lambda x: x}

every_network = pytest.mark.parametrize("name", sorted(NETWORKS))
Shapes = Iterator[tuple[str, tuple[int, ...]]]


def rows(name: str) -> list[list[str]]:
    return [row.split() for row in NETWORKS[name][0].replace("\n", "|").split("|")]


def squeezed(expanded: int) -> int:
    nearest = max(8, (expanded // 4 + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * (expanded // 4) else nearest


def conv_bn(key: str, out: int, per_group: int, kernel: int) -> Shapes:
    yield f"{key}.0.weight", (out, per_group, kernel, kernel)
    for leaf in ("weight", "bias", "running_mean", "running_var"):
        yield f"{key}.1.{leaf}", (out,)
    yield f"{key}.1.num_batches_tracked", ()


def block(key: str, row: list[str]) -> Shapes:
    given, kernel, expanded, out = map(int, row[:4])
    place = 0
    if expanded != given:
        yield from conv_bn(f"{key}.0", expanded, given, 1)
        place = 1
    yield from conv_bn(f"{key}.{place}", expanded, 1, kernel)
    if row[4] == "se":
        place += 1
        for name, shape in (("fc1", (squeezed(expanded), expanded)), ("fc2", (expanded, squeezed(expanded)))):
            yield f"{key}.{place}.{name}.weight", (*shape, 1, 1)
            yield f"{key}.{place}.{name}.bias", shape[:1]
    yield from conv_bn(f"{key}.{place + 1}", out, expanded, 1)


def layout(name: str) -> Shapes:
    """Every key of the published state dict with its shape."""
    table, hidden = rows(name), NETWORKS[name][1]
    out = int(table[-1][3])
    yield from conv_bn("features.0", 16, 3, 3)
    for number, row in enumerate(table, start=1):
        yield from block(f"features.{number}.block", row)
    yield from conv_bn(f"features.{len(table) + 1}", 6 * out, out, 1)
    for place, shape in ((0, (hidden, 6 * out)), (3, (1000, hidden))):
        yield f"classifier.{place}.weight", shape
        yield f"classifier.{place}.bias", shape[:1]


def published(name: str) -> dict[str, Tensor]:
    """Random weights under the published keys, of a scale at which signals neither vanish nor explode."""
    generator = torch.Generator().manual_seed(7)

    def tensor(key: str, shape: tuple[int, ...]) -> Tensor:
        if key.endswith("num_batches_tracked"):
            return torch.tensor(100)
        if len(shape) == 1:
            return torch.rand(shape, generator=generator) + 0.5
        return torch.randn(shape, generator=generator) / shape[1:].numel() ** 0.5

    return {key: tensor(key, torch.Size(shape)) for key, shape in layout(name)}


def forward(name: str, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    """The published network in eval mode, straight from its weights."""
    w = weights

    def layer(key: str, x: Tensor, activation: str, stride: int = 1) -> Tensor:
        kernel = w[f"{key}.0.weight"]
        groups = x.shape[1] // kernel.shape[1]
        x = F.conv2d(x, kernel, None, stride, (kernel.shape[2] - 1) // 2, groups=groups)
        norm = [w[f"{key}.1.{leaf}"] for leaf in ("running_mean", "running_var", "weight", "bias")]
        return ACTIVATIONS[activation](F.batch_norm(x, *norm, eps=1e-3))

    def gate(key: str, x: Tensor) -> Tensor:
        pooled = F.adaptive_avg_pool2d(x, 1)
        hidden = F.relu(F.conv2d(pooled, w[f"{key}.fc1.weight"], w[f"{key}.fc1.bias"]))
        return x * F.hardsigmoid(F.conv2d(hidden, w[f"{key}.fc2.weight"], w[f"{key}.fc2.bias"]))

    x = layer("features.0", x, "HS", 2)
    for number, (given, _, expanded, out, se, activation, stride) in enumerate(rows(name), start=1):
        keys = [f"features.{number}.block.{place}" for place in range(4)]
        y = x if given == expanded else layer(keys.pop(0), x, activation)
        y = layer(keys.pop(0), y, activation, int(stride))
        y = gate(keys.pop(0), y) if se == "se" else y
        y = layer(keys.pop(0), y, "")
        x = x + y if stride == "1" and given == out else y
    x = layer(f"features.{len(rows(name)) + 1}", x, "HS").mean((2, 3))
    x = F.hardswish(F.linear(x, w["classifier.0.weight"], w["classifier.0.bias"]))
    return F.linear(x, w["classifier.3.weight"], w["classifier.3.bias"])


def ours(name: str) -> Architecture:
    return get_space("mobilenetv3").reference(name)


@pytest.mark.parametrize(
    ("name", "tensors", "params"), [("mobilenetv3-large", 174, 5_483_032), ("mobilenetv3-small", 142, 2_542_856)]
)
def test_the_layout_has_the_published_counts(name, tensors, params):
    trainable = [(key, shape) for key, shape in layout(name) if "running" not in key and "num_batches" not in key]
    assert len(trainable) == tensors
    assert sum(torch.Size(shape).numel() for _, shape in trainable) == params


@every_network
def test_the_network_computes_what_the_published_weights_say(name):
    weights, network = published(name), build(ours(name)).eval()
    network.load_state_dict(from_torchvision(weights, ours(name)), strict=True)
    x = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        expected, given = forward(name, weights, x), network(x)
    assert expected.std() > 1e-3
    torch.testing.assert_close(given, expected, rtol=1e-3, atol=1e-3 * float(expected.abs().max()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("features.3.block.1.1.running_var"), r"1 missing, for example features\.3\.block\.1\.1\.run"),
        (lambda w: w.update({"fc.weight": torch.zeros(3)}), "1 left over, for example fc.weight"),
        (lambda w: w.update({"classifier.3.weight": torch.zeros(10, 1024)}), r"classifier\.3\.weight has shape \(10,"),
        (lambda w: w.update({"state_dict": w.copy()}) or [w.pop(k) for k in list(w)[:-1]], "not a checkpoint around"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    weights = published("mobilenetv3-small")
    change(weights)
    with pytest.raises(WeightsError, match=message):
        from_torchvision(weights, ours("mobilenetv3-small"))


def test_weights_of_the_other_network_are_refused():
    with pytest.raises(WeightsError, match=r"\d+ missing, for example .*; .* left over"):
        from_torchvision(published("mobilenetv3-large"), ours("mobilenetv3-small"))


def test_networks_of_other_layers_are_refused():
    small = ours("mobilenetv3-small")
    relu = Architecture.chain(replace(op, activation="relu") for op in small.ops)
    for other in (relu, ours("mobilenetv2"), ours("mobilenetv3-small-0.5")):
        with pytest.raises(WeightsError, match="take one of the references mobilenetv3-large, mobilenetv3-small, "):
            from_torchvision(published("mobilenetv3-small"), other)


def test_resolution_and_classes_are_free():
    *body, last = ours("mobilenetv3-small").ops
    ten = Architecture.chain([*body, replace(last, outputs=10)])
    weights = published("mobilenetv3-small")
    weights |= {"classifier.3.weight": torch.ones(10, 1024), "classifier.3.bias": torch.zeros(10)}
    network = build(ten)
    network.load_state_dict(from_torchvision(weights, ten))
    assert network(torch.zeros(2, 3, 160, 160)).shape == (2, 10)
