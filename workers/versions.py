"""What a worker runs: versions that decide a trial's result, and the plug-ins that it can load."""

from __future__ import annotations

import platform
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


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
