"""Failures of the service itself: problems without internals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import httpx
import pytest
import services
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError


def failing(error: Exception) -> Callable[[FastAPI], None]:
    """Makes the cluster of a service impossible to look at."""

    def change(app: FastAPI) -> None:
        app.state.service.dispatcher.cluster = Mock(side_effect=error)

    return change


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ZeroDivisionError("secret detail"), 500, "an error in the service itself"),
        (OperationalError("SELECT secret", {}, Exception("connection lost")), 503, "try again"),
    ],
)
def test_an_error_inside_tells_nothing_of_the_inside(tmp_path: Path, error: Exception, status: int, said: str) -> None:
    with services.live(tmp_path, change=failing(error)) as running:
        answer = httpx.get(f"{running.url}/api/v1/cluster")
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]
    assert "secret" not in answer.text
