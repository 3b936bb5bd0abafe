"""A job whose table is measured in a moment: few ops, three short visits, nothing in doubt afterwards."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import Any

import exported
import pytest

from device_agent import online
from device_agent.measure import Protocol
from device_agent.server import Server
from nas_service import campaigns, profiled

MOMENT = Protocol(visits=3, dropped=1, shortest=2, longest=3)
SPEC: dict[str, Any] = {
    "space": {
        "name": "mobilenetv3",
        "options": {
            "backbone": [{"width": 8}],
            "resolution": [8],
            "ops": ["mbconv"],
            "width_factors": [1.0],
            "depth_offsets": [0],
            "skip": ["identity"],
            "activation": ["relu"],
            "kernel": [3, 5],
            "expansion": [2, 4],
            "hidden": 16,
            "stem": 8,
        },
    },
    "task": {"name": "digits", "epochs": 1},
    "budget": {"trials": 3},
}


def work(server: Server, name: str = "pi4", agent: str = "a") -> bool:
    """What an agent does for one order; whether there was one."""
    return online.work(server, name, agent, lambda _: None, lambda _: None)


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    exported.once(monkeypatch)
    monkeypatch.setattr(campaigns, "INTERLEAVED", MOMENT)
    monkeypatch.setattr(campaigns, "plan_for", partial(campaigns.plan_for, networks=5))
    monkeypatch.setattr(profiled, "cover", partial(profiled.cover, quiet=100))
    monkeypatch.setattr("latency_tables.survey.NOISY", inf)
    monkeypatch.setattr("latency_tables.suspects.CLEARLY", inf)
