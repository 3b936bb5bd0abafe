"""Published block latencies as a latency table: a CSV with a block a line, as nn-Meter publishes them.

Columns: `block, hw, cin, cout, kernel, expand, stride, act, ms`. `hw` is the side of the map that comes in, `expand`
the expansion as a factor, `ms` milliseconds of one sample. Blocks by name: `FirstConvBlock` and `FinalExpandBlock` are
convolutions; `MobileNetV2ResBlock` is an inverted bottleneck, `MobileNetV3ResBlock` one with squeeze-and-excitation;
`FeatureMixBlock` (pool, then a hidden layer) and `LogitsBlock` behind it are a classifier.

Nobody measured whole networks beside these blocks, so estimates are plain sums, with the error that is stated.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from io import StringIO
from statistics import median
from typing import get_args

from device_agent.machine import Device
from search_spaces import Op
from search_spaces.mobilenetv3.network import se_width
from search_spaces.ops import Activation, Classifier, Conv, MBConv, Skip

from .calibration import Calibration
from .runtime import Runtime
from .suspects import implausible
from .table import Entry, LatencyTable, TableError, checked

COLUMNS = ("block", "hw", "cin", "cout", "kernel", "expand", "stride", "act", "ms")
CONVOLUTIONS = ("FirstConvBlock", "FinalExpandBlock")
BOTTLENECKS = {"MobileNetV2ResBlock": False, "MobileNetV3ResBlock": True}  # with squeeze-and-excitation
HIDDEN, LOGITS = "FeatureMixBlock", "LogitsBlock"
BLOCKS = (*CONVOLUTIONS, *BOTTLENECKS, HIDDEN, LOGITS)
PUBLISHED = "published"  # in place of the exporter, which nobody knows
ERROR = 0.2  # of a plain sum, unless somebody knows better
LARGEST = 65_536  # of any number that is a size

Row = Mapping[str, str]
Costs = dict[Op, float]


def read_published(text: str, device: Device, runtime: Runtime, error: float = ERROR) -> LatencyTable:
    """The table of a CSV; `error` is the half width of a 90 % interval, as a share.

    A block that is there several times costs the median. Raises TableError, which names the line at fault, also
    for an `error` that is no share.
    """
    costs = read_blocks(text)
    entries = {op.key: Entry(ms, 0.0, 1) for op, ms in costs.items()}
    odd = implausible(entries)
    flagged = {key: replace(one, flag="implausible") if key in odd else one for key, one in sorted(entries.items())}
    table = LatencyTable(device, runtime, flagged, (), Calibration(1.0, 0.0, error, 0))
    return checked(table, "of these blocks")


def read_blocks(text: str) -> Costs:
    """What each op of a CSV costs, in milliseconds. Raises TableError, which names the line at fault."""
    reader = csv.DictReader(StringIO(text), strict=True)
    if lacking := set(COLUMNS) - set(reader.fieldnames or ()):
        raise TableError(f"a CSV of blocks has the columns {', '.join(COLUMNS)}; this one lacks {min(lacking)}")
    found: dict[Op, list[float]] = defaultdict(list)
    hidden: list[tuple[Row, float, str]] = []
    logits: list[tuple[Row, float, str]] = []
    try:
        for row in reader:
            line = f"line {reader.line_num}"
            ms = _milliseconds(row, line)
            if row["block"] in (HIDDEN, LOGITS):
                (hidden if row["block"] == HIDDEN else logits).append((row, ms, line))
            else:
                found[_op(row, line)].append(ms)
    except csv.Error as error:
        raise TableError(f"after line {reader.line_num} this is no CSV: {error}") from None
    for first, first_ms, line in hidden:
        for last, last_ms, last_line in logits:
            if first["cout"] == last["cin"]:
                found[_classifier(first, last, line, last_line)].append(first_ms + last_ms)
    if not found:
        raise TableError("this CSV has no blocks")
    return {op: median(several) for op, several in found.items()}


def _op(row: Row, line: str) -> Op:
    block, side = row["block"], _count(row, "hw", line)
    if block not in BLOCKS:
        raise TableError(f"{line}: there is no block {block!r}; there are: {', '.join(BLOCKS)}")
    fed = (_count(row, "cin", line), side, side)
    out, kernel, stride = (_count(row, name, line) for name in ("cout", "kernel", "stride"))
    activation = _activation(row, line)
    if block in CONVOLUTIONS:
        return Conv(fed, out, kernel, stride, activation)
    expanded = round(fed[0] * _number(row, "expand", line))
    if not 1 <= expanded <= LARGEST:
        raise TableError(f"{line}: expand has to leave 1 to {LARGEST} channels, not {expanded} ({row['expand']!r})")
    gate = se_width(expanded) if BOTTLENECKS[block] else 0
    skip: Skip = "identity" if stride == 1 and fed[0] == out else "none"
    return MBConv(fed, out, kernel, stride, expanded, gate, activation, skip)


def _classifier(hidden: Row, logits: Row, line: str, logits_line: str) -> Op:
    side = _count(hidden, "hw", line)
    fed = (_count(hidden, "cin", line), side, side)
    outputs = _count(logits, "cout", logits_line)
    return Classifier(fed, outputs, _count(hidden, "cout", line), _activation(hidden, line))


def _milliseconds(row: Row, line: str) -> float:
    found = _number(row, "ms", line)
    if found <= 0:
        raise TableError(f"{line}: ms has to be above zero, not {row['ms']}")
    return found


def _count(row: Row, name: str, line: str) -> int:
    found = _number(row, name, line)
    if found != int(found) or not 1 <= found <= LARGEST:
        raise TableError(f"{line}: {name} has to be a whole number from 1 to {LARGEST}, not {row[name]!r}")
    return int(found)


def _number(row: Row, name: str, line: str) -> float:
    try:
        found = float(row[name] or "")
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise TableError(f"{line}: {name} has to be a number, not {row[name]!r}")
    return found


def _activation(row: Row, line: str) -> Activation:
    for known in get_args(Activation):
        if row["act"] == known:
            found: Activation = known
            return found
    raise TableError(f"{line}: act has to be one of {', '.join(get_args(Activation))}, not {row['act']!r}")
