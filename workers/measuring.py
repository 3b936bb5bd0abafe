"""What a file costs where it is exported: milliseconds and bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from device_agent.measure import offered
from device_agent.setting import CPU, Setting


class Measurement(Protocol):
    """Milliseconds for one sample and their spread, as `device_agent.measure.measure_network` gives them."""

    @property
    def latency_ms(self) -> float: ...
    @property
    def spread_ms(self) -> float: ...


class Measure(Protocol):
    def __call__(self, model: bytes, *, setting: Setting) -> Measurement: ...


def runnable(setting: Setting) -> Setting:
    """The device's setting as it is here: by the CPU, where this worker's onnxruntime lacks the provider."""
    return setting if setting.provider == CPU or setting.provider in offered() else replace(setting, provider=CPU)


def costs(measure: Measure, model: bytes, setting: Setting) -> dict[str, float]:
    """The metrics of an export that tell what one sample takes, and how large the file is."""
    measured = measure(model, setting=runnable(setting))
    return {
        "latency_ms": measured.latency_ms,
        "latency_spread_ms": measured.spread_ms,
        "file_bytes": float(len(model)),
    }
