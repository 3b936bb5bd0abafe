"""What changed from parent to child: by choices that matter, by widths, by counts; and along a line over HTTP."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from services import SPEC

from nas_service.api.lineage import changes
from nas_service.client import ApiError, Client
from search_spaces import get_space
from search_spaces.space import BoundSpace, Signature

IMAGES = Signature("image", 3, 10, (16, 64))
OPTIONS: dict[str, Any] = {"backbone": [{"width": 16}, {"width": 24, "depth": 2, "stride": 2}], "resolution": [32, 48]}


@pytest.fixture
def images() -> BoundSpace:
    return get_space("mobilenetv3", **OPTIONS).bind(IMAGES)


def named(space: Any, **chosen: Any) -> dict[str, Any]:
    """The genotype of first options, but for those that are named, with `__` for a point."""
    options = {position.name: position.options[0] for position in space.positions}
    return space.encode(options | {name.replace("__", "."): value for name, value in chosen.items()})


def told(space: BoundSpace, before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(change.name, change.before, change.after) for change in changes(space, before, after)]


def test_a_mutation_changes_a_choice_by_its_name(images: BoundSpace) -> None:
    before, after = named(images, resolution=32), named(images, resolution=48)
    assert told(images, before, after) == [("resolution", 32, 48)]
    assert told(images, before, before) == []


def test_choices_that_do_not_matter_are_left_out(images: BoundSpace) -> None:
    shallow, kernel = named(images, stage1__depth=1), {"stage1__layer1__kernel": 7}
    assert told(images, shallow, named(images, stage1__depth=1, **kernel)) == []
    appears = told(images, shallow, named(images, stage1__depth=2, **kernel))
    assert ("stage1.depth", 1, 2) in appears
    assert ("stage1.layer1.kernel", None, 7) in appears


def test_a_width_that_was_cut_is_told_in_channels_beside_what_it_was(images: Any) -> None:
    before = named(images)
    name, channels = next((n, c) for n, c in images.widths(before).items() if n.endswith(".expanded"))
    cut = images.with_width(before, name, channels - 8)
    assert told(images, before, cut) == [(name, channels, channels - 8)]


def test_networks_without_choices_are_told_apart_by_their_counts() -> None:
    space = get_space("wann").bind(Signature("vector", 5, 2, (1, 1)))
    rng = np.random.default_rng(1)
    before = space.sample(rng)
    children = [space.mutate(before, rng) for _ in range(30)]
    found = {change for child in children for change in told(space, before, child)}
    assert ("hidden", 0, 1) in found
    connections = space.architecture(before).params
    assert ("connections", connections, connections + 1) in found


def test_a_line_is_told_step_by_step(client: Client, finished: str) -> None:
    youngest = max(client.candidates(finished), key=lambda c: (bool(c.parents), c.number))
    detail = client.candidate(youngest.id)
    steps = client.changes(youngest.id)
    assert [(step.parent_id, step.candidate_id) for step in steps] == [
        (a.id, b.id) for a, b in pairwise([*detail.lineage, detail])
    ]
    assert all(len(step.changes) >= 1 for step in steps)


def test_the_first_of_a_line_has_no_steps_and_nobody_has_no_answer(client: Client, finished: str) -> None:
    assert client.changes(f"{finished}.c0") == []
    with pytest.raises(ApiError, match="no candidate"):
        client.changes("nope")


def test_a_line_of_several_generations_is_told(client: Client) -> None:
    spec = SPEC | {"strategy": {"name": "evolution", "population": 4, "sample": 4}, "seed": 5}
    job = client.wait(client.submit(spec).id).id
    steps = [client.changes(candidate.id) for candidate in client.candidates(job)]
    longest = max(steps, key=len)
    assert len(longest) >= 2
    assert all(step.changes for step in longest)
