"""What is measured: micro networks of one op, and whole networks; how each becomes an ONNX file.

An op's cost is the difference between several copies of it side by side and one, shared among the further copies. So
the session, the prefix and the layout changes at both ends cancel, and weights stream as they do in a network (a plain
sum of ops measured alone missed whole networks by 10 % where this misses them by 1 %).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import hypot

from device_agent.measure import Measurement
from device_agent.rounds import Subject
from search_spaces import Architecture, Op
from search_spaces.ops import Classifier, Conv, MBConv

from .table import Entry, MeasuredNetwork

Lacking = list[tuple[Subject, int]]  # subjects, and how many visits each lacks

COPIES = 4
TOGETHER_BYTES = 16_000_000  # of the weights of all copies, at the most, if two have less
REFERENCE_NETWORK = Architecture.chain(
    [
        Conv((3, 32, 32), 16, 3, 2, "hswish"),
        MBConv((16, 16, 16), 24, 3, 2, 64),
        MBConv((24, 8, 8), 24, 5, 1, 96, 24, "relu", "identity"),
        Conv((24, 8, 8), 96, 1, 1, "hswish"),
        Classifier((96, 8, 8), 10, 128),
    ]
)
WEIGHT_BYTES = 4
_LEAST_MS = 1e-5  # an op whose cost drowns in the clock's noise still costs something


def both(op: Op) -> tuple[Subject, Subject]:
    """One copy of the op, and several."""
    return of_op(op, 1), of_op(op, several_of(op))


def several_of(op: Op) -> int:
    """How many copies are compared with one: fewer where their weights would not stay in the cache of a large core.

    Those of a whole network do, or nearly: read from memory, the last layers seemed three times as slow as they are.
    """
    return min(COPIES, max(2, TOGETHER_BYTES // max(1, op.params * WEIGHT_BYTES)))


def of_op(op: Op, copies: int) -> Subject:
    return Subject(f"{copies} x {op.key}", partial(export_copies, op, copies))


def of_network(architecture: Architecture) -> Subject:
    return Subject(f"network {architecture.hash}", partial(export_network, architecture))


def export_copies(op: Op, copies: int) -> bytes:
    from search_spaces.modules import export_onnx, parallel_copies

    module = parallel_copies(op, copies, COPIES)
    return export_onnx(module, module.input_shape)


def export_network(architecture: Architecture) -> bytes:
    from search_spaces.modules import build, export_onnx

    return export_onnx(build(architecture), architecture.input_shape)


def in_precision(subject: Subject, precision: str) -> Subject:
    """The same subject in that precision."""
    return subject if precision == "float32" else Subject(subject.name, partial(_export_int8, subject.export))


def to_measure(lacking: Lacking, precision: str) -> tuple[Lacking, Subject]:
    """Subjects that lack visits, and the reference that is measured beside them, in that precision."""
    return [(in_precision(subject, precision), n) for subject, n in lacking], in_precision(REFERENCE, precision)


def _export_int8(export: Callable[[], bytes]) -> bytes:
    from search_spaces.modules.quantisation import quantised_untrained

    return quantised_untrained(export())


def entry(single: Measurement, several: Measurement, copies: int) -> Entry:
    """The cost of an op from one copy of it and from so many."""
    further = copies - 1
    cost_ms = (several.latency_ms - single.latency_ms) / further
    spread_ms = hypot(several.spread_ms, single.spread_ms) / further
    return Entry(max(cost_ms, _LEAST_MS), spread_ms, single.runs + several.runs)


def measured_network(architecture: Architecture, measurement: Measurement) -> MeasuredNetwork:
    keys = tuple(op.key for op in architecture.ops)
    return MeasuredNetwork(architecture.hash, keys, measurement.latency_ms, measurement.spread_ms, measurement.runs)


def reference_entry(measurement: Measurement) -> Entry:
    return Entry(measurement.latency_ms, measurement.spread_ms, measurement.runs)


REFERENCE = of_network(REFERENCE_NETWORK)  # measured beside everything: how fast the machine is meanwhile
