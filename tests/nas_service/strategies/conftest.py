from __future__ import annotations

import pytest
from rungs import landscape

from search_spaces.choice_space import ChoiceSpace


@pytest.fixture(scope="module")
def space() -> ChoiceSpace:
    """A small space of the task `landscape`, for searches that are over at once."""
    return landscape()
