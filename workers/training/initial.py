"""The weights that a training starts from: fresh ones that follow from the seed, or inherited ones where they fit.

Weights of a wider network are cut to fit (see `search_spaces.modules.narrowing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

import torch
from torch import Tensor, nn

from search_spaces import Architecture
from search_spaces.modules import build, narrowed

_GLOBAL_GENERATOR = Lock()  # torch initialises modules from its one global generator


def seeded_module(architecture: Architecture, seed: int) -> nn.Module:
    """A module whose initial weights follow from `seed` alone; torch's global generator is left as it was."""
    with _GLOBAL_GENERATOR, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(architecture)


def warm_module(architecture: Architecture, seed: int, weights: Mapping[str, Tensor]) -> tuple[nn.Module, int]:
    """A seeded module that starts from the `weights` of another network, and how many of its tensors do."""
    module = seeded_module(architecture, seed)
    return module, inherit(module, narrowed(architecture, weights))


def inherit(module: nn.Module, weights: Mapping[str, Tensor]) -> int:
    """Copy every weight whose name and shape fit into `module`; returns how many did."""
    own = module.state_dict()
    fitting = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
    module.load_state_dict(fitting, strict=False)
    return len(fitting)
