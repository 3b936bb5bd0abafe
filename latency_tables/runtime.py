"""What decides the kernels that run, beside the device: part of a latency table's fingerprint."""

from __future__ import annotations

from dataclasses import dataclass

from device_agent.machine import installed_onnxruntime
from search_spaces.export_format import EXPORTER


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
        return cls(installed_onnxruntime(), EXPORTER, threads)
