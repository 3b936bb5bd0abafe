"""One action of a network for one observation, in the first lane of the kernels that other tasks fill."""

from __future__ import annotations

from typing import Any

from .compiled import compiled
from .forward import forward_individual, forward_shared


@compiled
def act(
    offsets: Any,
    sources: Any,
    activations: Any,
    inputs: Any,
    shared: Any,
    weights: Any,
    values: Any,
    observation: Any,
    action: Any,
) -> Any:
    """Fill `action` (outputs,); returns whether all of it is finite. Row 0 of `values` holds the bias."""
    for number in range(len(observation)):
        values[1 + number, 0] = observation[number]
    if shared:
        forward_shared(offsets, sources, activations, inputs, weights, values)
    else:
        forward_individual(offsets, sources, activations, inputs, weights, values)
    poison = 0.0
    for number in range(len(action)):
        action[number] = values[len(values) - len(action) + number, 0]
        poison += action[number] * 0.0
    return poison == 0.0
