"""What a worker runs: versions that decide a trial's result, and the plug-ins that it can load."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, entry_points, version

PACKAGES = ("nas-service", "torch", "onnx", "onnxruntime", "numpy", "ray")
PLUGIN_GROUPS = ("nas.search_spaces", "nas.tasks")


@cache
def versions() -> dict[str, str]:
    """Package or plug-in (`nas.tasks:mine`) to version; what is not installed is left out."""
    found = {"python": platform.python_version()} | {name: version(name) for name in PACKAGES if _installed(name)}
    for group in PLUGIN_GROUPS:
        for point in entry_points(group=group):
            found[f"{group}:{point.name}"] = point.dist.version if point.dist else "unknown"
    return found


def needed(task_name: str, here: Mapping[str, str]) -> dict[str, str]:
    """Of the coordinator's versions, those that a worker must have too, to evaluate a task as it was admitted."""
    return {name: here[name] for name in ("nas-service", f"nas.tasks:{task_name}") if name in here}


def mismatch(wanted: Mapping[str, str], found: Mapping[str, str]) -> str:
    """What a worker lacks of the wanted versions, in a sentence; empty where it lacks nothing."""
    lacking = [
        f"{name} {found.get(name, 'not at all')} where the coordinator has {version}"
        for name, version in wanted.items()
        if found.get(name) != version
    ]
    return f"the worker has {' and '.join(lacking)}; install the same versions on both" if lacking else ""


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
