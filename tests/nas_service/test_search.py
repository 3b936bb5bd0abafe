"""A prepared search: the key under which a trial's result is found again, and what is filled in."""

from __future__ import annotations

import json
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
from searches import spec

from nas_service.admission import admit
from nas_service.search import Search
from workers.requests import Fidelity


@pytest.fixture
def search() -> Search:
    return admit(spec(), Path())


def test_a_key_is_the_hash_of_all_that_decides_a_result(search: Search) -> None:
    """Databases keep keys, so that no later version may write them otherwise."""
    architecture, fidelity = search.bound.architecture(search.bound.sample(np.random.default_rng(0))), Fidelity(3, 0.5)
    task = [search.task.name, search.task.version, search.task.fingerprint]
    parts = [
        architecture.hash,
        [search.space.name, search.space.version],
        task,
        {"epochs": 3, "data_fraction": 0.5, "input_scale": 1.0},
        7,
    ]
    expected = blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()
    assert search.trial_key(architecture, fidelity, 7) == expected


@pytest.mark.parametrize(("workers", "filled"), [({}, 1), ({"parallel": 7}, 7)])
def test_parallel_is_filled_in(workers: dict[str, int], filled: int) -> None:
    assert admit(spec(workers=workers), Path()).filled_in["workers"]["parallel"] == filled
