"""The package of plug-ins under tests/plugin_package, installed where only those who are told can see it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "plugin_package"


def install(folder: Path, *, version: str = "1.2") -> Path:
    """The folder to put on PYTHONPATH; pip builds from a copy, for it leaves traces beside what it builds."""
    copied, site = folder / f"source-{version}", folder / f"site-{version}"
    shutil.copytree(SOURCE, copied, ignore=shutil.ignore_patterns("__pycache__"))
    project = copied / "pyproject.toml"
    project.write_text(project.read_text().replace('version = "1.2"', f'version = "{version}"'))
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", site, copied], check=True)
    return site


def seeing(site: Path) -> dict[str, str]:
    """The environment of a process that sees what is installed there."""
    return os.environ | {"PYTHONPATH": str(site)}
