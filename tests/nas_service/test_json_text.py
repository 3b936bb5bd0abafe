"""JSON of the store: what Python's own encoder and parser say of it, and no NaN."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_service.store.json_text import decode, encode

TEXT = st.text(st.characters(exclude_categories=())) | st.sampled_from(["NaN", "-Infinity", "\ud800", "\x00"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_values_come_out_as_they_went_in(value: object) -> None:
    text = encode(value)
    assert decode(text) == json.loads(text) == value
    assert repr(decode(text)) == repr(value)  # 1, 1.0 and True are equal


@given(VALUES)
def test_texts_of_older_databases_are_read(value: object) -> None:
    assert repr(decode(json.dumps(value))) == repr(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, {"loss": [math.nan]}])
def test_what_json_does_not_know_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encode(value)
