"""`nas quota` on a database, without a server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Nas = Callable[..., tuple[int, str, str]]


@pytest.fixture
def nas(nas_alone: Nas) -> Nas:
    return nas_alone


def test_quotas_are_set_listed_and_removed(nas: Nas) -> None:
    assert nas("quota", "set", "ann", "--jobs", "2")[1] == "ann: 2 jobs and any number of trials at a time\n"
    assert nas("quota", "set", "-", "--trials", "8")[0] == 0
    assert json.loads(nas("quota", "list", "--json")[1]) == [
        {"owner": "", "jobs": None, "trials": 8},
        {"owner": "ann", "jobs": 2, "trials": None},
    ]
    shown = nas("quota", "list")[1]
    assert "any number of" in shown
    assert "ann" in shown
    assert nas("quota", "remove", "ann")[0] == nas("quota", "remove", "-")[0] == 0
    assert nas("quota", "list")[1].startswith("no quotas")


def test_what_cannot_be_done_is_said(nas: Nas, tmp_path: Path) -> None:
    assert "there is no database" in nas("quota", "list")[2]
    assert "name --jobs, --trials or both" in nas("quota", "set", "ann")[2]
    assert not (tmp_path / "home").exists()
    assert nas("quota", "set", "ann", "--jobs", "1")[0] == 0
    code, _, said = nas("quota", "remove", "bob")
    assert (code, "bob has no quota" in said) == (2, True)
    assert nas("quota", "set", "ann", "--jobs", "0")[0] == 2
