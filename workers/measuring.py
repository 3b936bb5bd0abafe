"""What a file costs where it is exported: milliseconds and bytes."""

from __future__ import annotations

from typing import Protocol


class Measurement(Protocol):
    """Milliseconds for one sample and their spread, as `device_agent.measure.measure_network` gives them."""

    @property
    def latency_ms(self) -> float: ...
    @property
    def spread_ms(self) -> float: ...


class Measure(Protocol):
    def __call__(self, model: bytes, *, threads: int) -> Measurement: ...


def costs(measure: Measure, model: bytes, threads: int) -> dict[str, float]:
    """The metrics of an export that tell what one sample takes, and how large the file is."""
    measured = measure(model, threads=threads)
    return {
        "latency_ms": measured.latency_ms,
        "latency_spread_ms": measured.spread_ms,
        "file_bytes": float(len(model)),
    }
