"""A small architecture and requests for it, as the coordinator would send them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search_spaces import Architecture, get_space
from workers.requests import EvaluationRequest, Fidelity, TrialRequest
from workers.tasks import get_task

SMALL_SPACE: dict[str, Any] = {
    "backbone": [{"width": 8, "depth": 1, "stride": 2}, {"width": 16, "depth": 1, "stride": 2}],
    "resolution": [16],
    "ops": ["mbconv"],
    "hidden": 32,
}

MakeRequest = Callable[..., EvaluationRequest]


def architectures(count: int, seed: int = 0) -> list[Architecture]:
    space = get_space("mobilenetv3", **SMALL_SPACE).bind(get_task("digits").signature)
    rng = np.random.default_rng(seed)
    return [space.architecture(space.sample(rng)) for _ in range(count)]


@pytest.fixture
def architecture() -> Architecture:
    return architectures(1)[0]


@pytest.fixture
def make_request(architecture: Architecture, tmp_path: Path) -> MakeRequest:
    """A request of `trials` trials of one small architecture; `task` and the rest as given."""

    def make(
        task: dict[str, Any], *, trials: int = 1, epochs: int = 1, seed: int = 0, **rest: Any
    ) -> EvaluationRequest:
        fidelity = rest.pop("fidelity", Fidelity(epochs))
        begins = (rest.pop("initial_weights", None), rest.pop("checkpoint", None))
        listed = tuple(
            TrialRequest(f"t{i}", architecture.to_json(), fidelity, seed + i, *begins) for i in range(trials)
        )
        return EvaluationRequest(
            "r0", 1, rest.pop("kind", "evaluate"), task, listed, (tmp_path / "artifacts").as_uri(), **rest
        )

    return make
