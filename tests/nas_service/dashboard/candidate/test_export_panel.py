"""What the checks of an export found, as people read it."""

from __future__ import annotations

import pytest

from nas_service.dashboard.candidate.export_panel import Finding


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("test_accuracy", 0.9712, ("test accuracy", "97.12%")),
        ("val_macro_f1", 0.5, ("val macro f1", "50.00%")),
        ("int8_latency_ms", 0.04716, ("int8 latency", "0.0472 ms")),
        ("file_bytes", 245_112.0, ("file", "245 kB")),
        ("file_bytes", 812.0, ("file", "812 B")),
        ("parity_max_abs", 5.7212e-06, ("parity max abs", "5.72e-06")),
        ("val_loss", 0.0, ("val loss", "0")),
        ("steps", 12_345.0, ("steps", "12.3 k")),
    ],
)
def test_a_finding_has_its_unit(name: str, value: float, told: tuple[str, str]) -> None:
    assert Finding.of(name, value) == told
