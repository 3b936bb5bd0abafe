"""The walker's ten rays against the terrain: Box2D's arithmetic, compiled, without a Python call an edge it meets."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from .compiled import compiled

_ZERO, _ONE = np.float32(0), np.float32(1)


@compiled
def cast_rays(heights: Any, width: Any, x: Any, y: Any, right: Any, down: Any, fractions: Any) -> Any:
    """Fill `fractions` (rays,): at which share of its length each ray meets the ground, 1 where it does not.

    The ground goes through the points (i * width, heights[i]). Rays start at (x, y) and end `right` (rays,), at least
    0, and `down` (rays,) from there. The order of operations in float32 is that of b2EdgeShape::RayCast.
    """
    for ray in range(len(right)):
        end_x, end_y = np.float32(x + right[ray]), np.float32(y - down[ray])
        start_x, start_y = np.float32(x), np.float32(y)
        step_x, step_y = end_x - start_x, end_y - start_y
        nearest = _ONE
        for i in range(max(0, int(x / width) - 1), min(len(heights) - 1, int(end_x / width) + 2)):
            edge_x, edge_y = np.float32(i * width), heights[i]
            along_x, along_y = np.float32((i + 1) * width) - edge_x, heights[i + 1] - edge_y
            inverse = _ONE / np.float32(sqrt(along_y * along_y + along_x * along_x))
            normal_x, normal_y = along_y * inverse, -along_x * inverse
            facing = normal_x * step_x + normal_y * step_y
            if facing == _ZERO:
                continue
            share = (normal_x * (edge_x - start_x) + normal_y * (edge_y - start_y)) / facing
            if share < _ZERO or share > nearest:
                continue
            met_x, met_y = start_x + share * step_x, start_y + share * step_y
            place = (met_x - edge_x) * along_x + (met_y - edge_y) * along_y
            place = place / (along_x * along_x + along_y * along_y)
            if _ZERO <= place <= _ONE:
                nearest = share
        fractions[ray] = nearest
