"""The demo's picture."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from nas_service.demo.picture import FrontPoint, draw

FRONT = [FrontPoint("a", 0.9, 0.10, 0.005, 0.104), FrontPoint("b", 0.95, 0.15, 0.007, 0.149)]
CLOUD = [(0.10, 0.9), (0.12, 0.85), (0.15, 0.95)]


def size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, from the header of a PNG."""
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", head[16:24])
    return width, height


@pytest.mark.parametrize(("ours", "control", "front"), [(CLOUD, CLOUD[:2], FRONT), (CLOUD[:1], [], FRONT[:1])])
def test_it_is_a_png_that_fits_a_page(
    tmp_path: Path, ours: list[tuple[float, float]], control: list[tuple[float, float]], front: list[FrontPoint]
) -> None:
    path = tmp_path / "pareto.png"
    draw(path, ours, control, front, limit_ms=0.16)
    assert size(path) == (1200, 720)
    assert 10_000 < path.stat().st_size < 200_000
