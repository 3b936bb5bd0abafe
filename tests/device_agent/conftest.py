"""A protocol that is over in a moment."""

from __future__ import annotations

import pytest

from device_agent.measure import Protocol


@pytest.fixture
def moment() -> Protocol:
    return Protocol(visits=3, dropped=1, shortest=2, longest=3)
