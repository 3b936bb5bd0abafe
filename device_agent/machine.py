"""What a latency was measured on: facts of the device that anybody on it may read."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

CPUS = Path("/proc/cpuinfo")
GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
X86 = {"avx", "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "avx512_bf16"}
X86_NEWER = {"avx_vnni", "amx_tile", "amx_int8", "amx_bf16"}
ARM = {"asimd", "fphp", "asimdhp", "asimddp", "i8mm", "bf16", "sve", "sve2"}
KERNELS = X86 | X86_NEWER | ARM


@dataclass(frozen=True)
class Device:
    """The machine, under the name that jobs use for it.

    `flags` are those of its CPU by which a runtime chooses its kernels; `governor` is what sets its clock. Both are
    empty where Linux does not tell.
    """

    name: str
    cpu: str
    cores: int
    system: str
    python: str
    flags: tuple[str, ...] = ()
    governor: str = ""

    @classmethod
    def here(cls, name: str) -> Device:
        return cls(
            name,
            _listed("model name") or platform.processor() or platform.machine(),
            usable_cores(),
            platform.platform(terse=True),
            platform.python_version(),
            tuple(sorted(KERNELS & {*_listed("flags").split(), *_listed("Features").split()})),
            _read(GOVERNOR).strip(),
        )


def usable_cores() -> int:
    """How many CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def installed_onnxruntime() -> str:
    """Its version; empty where it is not installed."""
    try:
        return version("onnxruntime")
    except PackageNotFoundError:
        return ""


def _listed(key: str) -> str:
    """What Linux says of the first CPU under this key."""
    lines = (line.partition(":") for line in _read(CPUS).splitlines())
    return next((value.strip() for name, _, value in lines if name.strip() == key), "")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
