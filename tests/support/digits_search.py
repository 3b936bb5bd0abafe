"""A search on real images that takes seconds: a tiny space on digits, one epoch a trial."""

from __future__ import annotations

from typing import Any

SPACE: dict[str, Any] = {
    "name": "mobilenetv3",
    "options": {
        "backbone": [{"width": 8, "stride": 2}, {"width": 16, "stride": 2}],
        "resolution": [16],
        "ops": ["mbconv"],
        "width_factors": [1.0],
        "depth_offsets": [0],
        "se": [False],
        "skip": ["identity"],
        "activation": ["relu"],
        "kernel": [3, 5, 7],
        "expansion": [2, 4],
        "hidden": 64,
    },
}
SEARCH: dict[str, Any] = {
    "name": "digits in a hurry",
    "space": SPACE,
    "task": {"name": "digits", "epochs": 1},
    "device": {"name": "local", "threads": 1},
    "objective": {"cost": "latency_ms", "limits": {"latency_ms": 1.0}},
    "strategy": {"name": "evolution", "population": 2, "sample": 2},
    "budget": {"trials": 10},
    "workers": {"parallel": 2},
    "seed": 0,
}
BY_MACS: dict[str, Any] = SEARCH | {"device": None, "objective": {"cost": "macs", "target": 1e6}}
SIMULATED: dict[str, Any] = {"name": "landscape", "epochs": 4, "seconds": 0.4}  # reports and stops as training does
STEADY: dict[str, Any] = BY_MACS | {"task": SIMULATED, "budget": {"trials": 16}}
ENDLESS: dict[str, Any] = STEADY | {"task": SIMULATED | {"epochs": 10_000, "seconds": 3600}, "budget": {"trials": 2}}
