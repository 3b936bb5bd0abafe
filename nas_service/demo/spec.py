"""What the demo searches: a small MobileNetV3 space on scikit-learn's digits, under a limit that binds."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_service.search import Search

TRIALS = 48
FINAL_EPOCHS = 40
PERCENTILE = 30  # of the latency of sampled architectures: about seven in ten do not meet the limit
SAMPLED = 1000

SPACE: dict[str, Any] = {
    "name": "mobilenetv3",
    "options": {
        "backbone": [{"width": 16}, {"width": 24, "depth": 2, "stride": 2}, {"width": 40, "depth": 2, "stride": 2}],
        "resolution": [16, 24, 32],
        "ops": ["mbconv"],
        "width_factors": [1.0],
        "depth_offsets": [-1, 0],
        "skip": ["identity"],
        "activation": ["relu"],
        "kernel": [3, 5],
        "expansion": [2, 4],
        "hidden": 128,
    },
}


def spec(strategy: dict[str, Any], limit_ms: float, *, parallel: int) -> dict[str, Any]:
    """The job spec of one search; the two searches of the demo differ in their strategy alone."""
    return {
        "name": f"digits under {limit_ms:.3g} ms, {strategy['name']}",
        "space": SPACE,
        "task": {"name": "digits", "epochs": 4},
        "device": {"name": "local", "threads": 1},
        "objective": {"reward": "mnasnet", "cost": "latency_ms", "limits": {"latency_ms": limit_ms}},
        "strategy": strategy,
        "budget": {"trials": TRIALS},
        "workers": {"parallel": parallel},
        "seed": 0,
    }


def binding_limit(search: Search) -> float:
    """The limit in ms, three digits, that `PERCENTILE` percent of sampled architectures keep, error bar included."""
    rng = np.random.default_rng(0)
    sampled = [search.bound.architecture(search.bound.sample(rng)) for _ in range(SAMPLED)]
    costs = [search.costs(architecture) for architecture in sampled]
    return float(f"{np.percentile([c['latency_ms'] + c['latency_error_ms'] for c in costs], PERCENTILE):.3g}")
