"""What is said of a Ray that does not start: one kind of error, whatever Ray raises."""

from __future__ import annotations

import pytest
import ray

from workers.dispatchers.ray_dispatcher import RayDispatcher


@pytest.mark.parametrize(
    "raised", [Exception("the node timed out"), RuntimeError("no memory"), ValueError("no address")]
)
def test_a_ray_that_does_not_start_is_a_failed_connection(monkeypatch: pytest.MonkeyPatch, raised: Exception) -> None:
    def fail(**_: object) -> None:
        raise raised

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", fail)
    with pytest.raises(ConnectionError, match=str(raised)):
        RayDispatcher()
