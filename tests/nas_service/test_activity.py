"""Which choices matter, for many networks at once, against the space's own word on each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from nas_service import activity
from nas_service.activity import Activity
from search_spaces import Signature, get_space
from search_spaces.choice_space import ChoiceSpace

SPACES = {
    "mobilenetv3": get_space("mobilenetv3").bind(Signature("image", 3, 10, (32, 512))),
    "tvn": get_space("tvn").bind(Signature("clip", 3, 10, (16, 256), frames=(1, 16), frame_rates=(1.0, 25.0))),
}


def drawn(space: ChoiceSpace, number: int) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(0)
    return np.array([space.sample(rng)["choices"] for _ in range(number)], dtype=np.uint8)


@pytest.mark.parametrize("table", [activity.TABLE, 1], ids=["by a table", "by sorting"])
@pytest.mark.parametrize("name", SPACES)
def test_it_is_what_the_space_says_of_each(name: str, table: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "TABLE", table)
    space = SPACES[name]
    choices = drawn(space, 60)
    chosen = [space.decode({"choices": row}) for row in choices.tolist()]
    told = Activity(space, choices)
    for place, position in enumerate(space.positions):
        assert told.of(place).tolist() == [space.is_active(position.name, one) for one in chosen], position.name


def test_a_space_is_asked_once_for_what_is_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    space = SPACES["mobilenetv3"]
    asked: list[str] = []
    own = type(space).is_active

    def counting(self: Any, name: str, chosen: Mapping[str, Any]) -> bool:
        asked.append(name)
        return own(self, name, chosen)

    monkeypatch.setattr(type(space), "is_active", counting)
    place = next(i for i, p in enumerate(space.positions) if p.name == "stage1.layer0.expansion")
    counted = Activity(space, drawn(space, 2000)).of(place)
    assert 0 < counted.sum() < 2000
    assert len(asked) < 30


def test_a_space_that_looks_at_everything_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    space = SPACES["mobilenetv3"]
    monkeypatch.setattr(type(space), "is_active", lambda _self, _name, chosen: len([*chosen.values()]) > 1)
    assert Activity(space, drawn(space, 20)).of(3).all()


def test_no_networks_have_no_choices() -> None:
    space = SPACES["mobilenetv3"]
    assert Activity(space, drawn(space, 1)[:0]).of(5).tolist() == []
