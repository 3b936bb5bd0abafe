"""What a latency was measured on: facts of the device, and of the runtime that ran the files."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from search_spaces.export_format import EXPORTER


@dataclass(frozen=True)
class Device:
    """The machine, under the name that jobs use for it."""

    name: str
    cpu: str
    cores: int
    system: str
    python: str

    @classmethod
    def here(cls, name: str) -> Device:
        return cls(name, _cpu_model(), os.cpu_count() or 1, platform.platform(terse=True), platform.python_version())


@dataclass(frozen=True)
class Runtime:
    """What decides the kernels that run: onnxruntime, how the files were exported, threads, batch and precision."""

    onnxruntime: str
    exporter: str
    threads: int
    batch: int = 1
    precision: str = "float32"

    @classmethod
    def here(cls, threads: int) -> Runtime:
        """The runtime of this environment; `onnxruntime` is empty where it is not installed (a bare coordinator)."""
        try:
            installed = version("onnxruntime")
        except PackageNotFoundError:
            installed = ""
        return cls(installed, EXPORTER, threads)


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
