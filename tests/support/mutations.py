"""JSON documents that are nearly right: some values are others, or gone, or there are more of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

numbers = st.one_of(
    st.integers(),
    st.sampled_from([0, -1, 1, 2**31, 2**53, 2**63 - 1, 2**63, 10**30, 10**400]),
    st.floats(),
    st.sampled_from([5e-324, 1e308, -0.0, 0.5]),
)
texts = st.one_of(
    st.text(max_size=20), st.sampled_from(["", "\0", "\ud800", "a" * 5000, "\N{OWL}", "../x", "1", "nan"])
)
leaves = st.one_of(st.none(), st.booleans(), numbers, texts)
nested = st.integers(2, 60).map(lambda levels: json.loads("[" * levels + "]" * levels))
junk = st.one_of(
    leaves,
    nested,
    st.recursive(leaves, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner))),
)


@st.composite
def mutated(draw: Callable[..., Any], whole: dict[str, Any]) -> dict[str, Any]:
    """The same with up to three values changed, taken away or added, at any depth."""
    changed = deepcopy(whole)
    for _ in range(draw(st.integers(1, 3))):
        part, key = draw(st.sampled_from(list(_places(changed)) or [(changed, "name")]))
        what = draw(st.sampled_from(["change", "change", "change", "take away", "add"]))
        if what == "take away" and key in (part if isinstance(part, dict) else range(len(part))):
            part.pop(key)
        elif what == "add" and isinstance(part, dict):
            part[draw(texts)] = draw(junk)
        else:
            part[key] = draw(junk)
    return changed


def _places(part: dict[str, Any] | list[Any]) -> Iterator[tuple[Any, Any]]:
    """Every container with every key or index of it."""
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        yield part, key
        if isinstance(value, dict | list):
            yield from _places(value)
