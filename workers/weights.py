"""State dicts as artifacts, in the safetensors format."""

from __future__ import annotations

from collections.abc import Mapping

from safetensors.torch import load, save
from torch import Tensor

from .artifacts import ArtifactStore


def save_weights(store: ArtifactStore, state: Mapping[str, Tensor]) -> str:
    """Store the tensors of a state dict; returns the artifact's name."""
    plain = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    return store.put(save(plain), ".safetensors")


def load_weights(store: ArtifactStore, name: str) -> dict[str, Tensor]:
    """The tensors of an artifact. Raises ArtifactError where it is missing or damaged."""
    return load(store.get(name))
