"""Published block latencies: read into a table, and refused by line."""

from __future__ import annotations

import pytest

from device_agent.machine import Device
from latency_tables import LatencyTable, TableError, load
from latency_tables.published import COLUMNS, PUBLISHED, read_blocks, read_published
from latency_tables.runtime import Runtime
from search_spaces import Architecture
from search_spaces.ops import Classifier, Conv, MBConv

HEAD = ",".join(COLUMNS)
ROWS = """\
FirstConvBlock,32,3,16,3,0.0,2,relu,0.2
MobileNetV2ResBlock,16,16,16,3,4.0,1,relu6,0.3
MobileNetV3ResBlock,16,16,24,5,4.0,2,hswish,0.4
FinalExpandBlock,8,24,96,1,0.0,1,hswish,0.1
FeatureMixBlock,8,96,128,1,0.0,1,hswish,0.05
LogitsBlock,1,128,10,0,0.0,0,relu,0.01
"""
STEM, PLAIN, GATED, HEAD_OP, LAST = (
    Conv((3, 32, 32), 16, 3, 2, "relu"),
    MBConv((16, 16, 16), 16, 3, 1, 64, 0, "relu6", "identity"),
    MBConv((16, 16, 16), 24, 5, 2, 64, 16, "hswish"),
    Conv((24, 8, 8), 96, 1, 1, "hswish"),
    Classifier((96, 8, 8), 10, 128),
)


def table(rows: str = ROWS, error: float = 0.15) -> LatencyTable:
    device = Device("phone", "a CPU", 1, "unknown", "unknown")
    return read_published(f"{HEAD}\n{rows}", device, Runtime("1.16", PUBLISHED, 1, 1, "int8"), error)


def test_blocks_become_ops() -> None:
    found = read_blocks(f"{HEAD}\n{ROWS}")
    assert found == {STEM: 0.2, PLAIN: 0.3, GATED: 0.4, HEAD_OP: 0.1, LAST: pytest.approx(0.06)}


def test_a_network_costs_the_sum_of_its_blocks(tmp_path) -> None:
    table().save(tmp_path / "phone-1t.json")
    read = load(tmp_path / "phone-1t.json")
    estimate = read.estimate(Architecture.chain([STEM, PLAIN, GATED, HEAD_OP, LAST]))
    assert (estimate.latency_ms, estimate.error_ms) == (pytest.approx(1.06), pytest.approx(0.159))
    assert read.mismatch(allow=["onnxruntime", "exporter"]) is not None
    assert read.mismatch(allow=["onnxruntime", "exporter", "precision"]) is None


def test_a_block_that_is_there_several_times_costs_the_median() -> None:
    again = "".join(f"FirstConvBlock,32,3,16,3,0.0,2,relu,{ms}\n" for ms in (0.3, 0.9))
    assert read_blocks(f"{HEAD}\n{ROWS}{again}")[STEM] == 0.3


def test_blocks_that_contradict_each_other_are_flagged() -> None:
    larger = "MobileNetV2ResBlock,16,32,32,3,4.0,1,relu6,0.1\n"
    flags = {key: entry.flag for key, entry in table(ROWS + larger).entries.items()}
    assert flags[PLAIN.key] == "implausible"
    assert flags[STEM.key] == ""


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("Dense,32,3,16,3,0,2,relu,0.2", "line 2: there is no block 'Dense'"),
        ("FirstConvBlock,32,3,16,3,0,2,relu,0", "line 2: ms has to be above zero"),
        ("FirstConvBlock,32,3,16,3,0,2,relu,-1", "line 2: ms has to be above zero"),
        ("FirstConvBlock,32,3,16,3,0,2,relu,", "line 2: ms has to be a number"),
        ("FirstConvBlock,32,3,16,3,0,2,relu,nan", "line 2: ms has to be a number"),
        ("FirstConvBlock,32,3,16,3,0,2,relu", "line 2: ms has to be a number"),
        ("FirstConvBlock,wide,3,16,3,0,2,relu,1", "line 2: hw has to be a number, not 'wide'"),
        ("FirstConvBlock,32,3,1.5,3,0,2,relu,1", "line 2: cout has to be a whole number from 1 to 65536"),
        ("FirstConvBlock,32,3,99999999,3,0,2,relu,1", "line 2: cout has to be a whole number from 1 to 65536"),
        ("FirstConvBlock,32,3,16,3,0,2,gelu,1", "line 2: act has to be one of relu"),
        (
            "MobileNetV2ResBlock,32,16,16,3,0,1,relu,1",
            r"line 2: expand has to leave 1 to 65536 channels, not 0 \('0'\)",
        ),
        ("MobileNetV2ResBlock,32,16,16,3,-4,1,relu,1", "line 2: expand has to leave 1 to 65536 channels, not -64"),
        ("MobileNetV2ResBlock,32,16,16,3,1e9,1,relu,1", "line 2: expand has to leave 1 to 65536 channels"),
        ('FirstConvBlock,"32,3', "after line 1 this is no CSV"),
        ("", "this CSV has no blocks"),
    ],
)
def test_what_cannot_be_a_block_is_refused_by_its_line(row: str, problem: str) -> None:
    with pytest.raises(TableError, match=problem):
        table(f"{row}\n" if row else "")


def test_a_column_that_is_missing_is_named() -> None:
    with pytest.raises(TableError, match="this one lacks act"):
        read_blocks("block,hw,cin,cout,kernel,expand,stride,ms\n")
    with pytest.raises(TableError, match="lacks act"):
        read_blocks("")


@pytest.mark.parametrize("error", [float("nan"), float("inf"), -0.1])
def test_an_error_that_is_no_share_is_refused(error: float) -> None:
    with pytest.raises(TableError, match=r"of these blocks is damaged: calibration\.relative_error"):
        table(error=error)
