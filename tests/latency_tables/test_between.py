"""Ops of widths that nobody measured: estimates between measured ones, and how much is said of their error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from latency_tables.between import Interpolation
from latency_tables.calibration import Calibration
from latency_tables.table import Entry, LatencyTable
from latency_tables.work import in_blocks
from search_spaces import Architecture, Op
from search_spaces.ops import Classifier, ClipConv, Conv, MBConv, op_from_key

BLOCK = MBConv((24, 16, 16), 24, 5, 1, 96, 24, "hswish", "identity")


def true_ms(op: Op) -> float:
    """A device on which a call costs 2 us, a million MACs 80 us; wide blocks are a little dearer than that."""
    return (0.002 + 0.08 * op.macs / 1e6) * (1 + op.out_shape[0] / 1000)


def blocks(rng: np.random.Generator, count: int) -> list[Op]:
    widths = 8 * rng.integers(1, 9, size=(count, 3))
    return [
        replace(BLOCK, in_shape=(a, 16, 16), out_channels=b, expanded_channels=a + 8 * c, se_channels=2 * c)
        for a, b, c in widths.tolist()
    ]


@pytest.fixture
def measured() -> dict[str, float]:
    return {op.key: true_ms(op) for op in blocks(np.random.default_rng(0), 60)}


def test_estimates_between_measured_widths(measured: dict[str, float]) -> None:
    table = Interpolation(measured)
    unseen = [op for op in blocks(np.random.default_rng(1), 60) if op.key not in measured]
    found = [table.of(op) for op in unseen]
    errors = [abs(one.cost_ms / true_ms(op) - 1) for op, one in zip(unseen, found, strict=True)]
    assert len(errors) > 40
    assert np.mean(errors) < 0.02
    assert max(errors) < 0.06
    assert found[0].relative_error == pytest.approx(np.sqrt(np.mean(np.square(errors))), rel=0.7)


def test_estimates_at_a_size_that_was_not_measured(measured: dict[str, float]) -> None:
    """A whole space at four resolutions need not be measured at all of them; the error that is stated is larger."""

    def at(side: int, op: Op) -> Op:
        return replace(op, in_shape=(op.in_shape[0], side, side))

    both = measured | {at(8, op_from_key(key)).key: true_ms(at(8, op_from_key(key))) for key in measured}
    table = Interpolation(both)
    unseen = [at(12, op) for op in blocks(np.random.default_rng(1), 60)]
    found = [table.of(op) for op in unseen]
    errors = [abs(one.cost_ms / true_ms(op) - 1) for op, one in zip(unseen, found, strict=True)]
    assert np.mean(errors) < 0.05
    assert found[0].relative_error > table.of(blocks(np.random.default_rng(1), 1)[0]).relative_error
    assert found[0].relative_error > np.mean(errors)


@pytest.mark.parametrize("block", [8, 16])
def test_a_staircase_is_seen(block: int) -> None:
    """On a device that works on whole blocks of channels, a width costs what the next whole block costs."""

    def stairs_ms(op: Op) -> float:
        return true_ms(in_blocks(op, block))

    rng = np.random.default_rng(0)
    drawn = [
        replace(BLOCK, in_shape=(a, 16, 16), out_channels=b, expanded_channels=c, se_channels=0)
        for a, b, c in rng.integers(4, 64, size=(120, 3)).tolist()
        if a != c
    ]
    table = Interpolation({op.key: stairs_ms(op) for op in drawn[:80]})
    errors = [abs(table.of(op).cost_ms / stairs_ms(op) - 1) for op in drawn[80:]]
    assert np.mean(errors) < 0.02
    assert table.of(drawn[0]).cost_ms == pytest.approx(stairs_ms(drawn[0]), rel=0.01)


def test_a_measurement_stands(measured: dict[str, float]) -> None:
    key = next(iter(measured))
    table = Interpolation(measured | {key: 3 * measured[key]})
    assert table.of(op_from_key(key)).cost_ms == pytest.approx(3 * measured[key], rel=1e-3)


def test_a_single_op_of_a_kin_says_what_the_others_cost() -> None:
    """Ops of another kin tell what a channel more costs, this one how dear its kin is."""
    plain = [replace(op, kernel=3) for op in blocks(np.random.default_rng(0), 40)]
    costs = {op.key: true_ms(op) for op in plain} | {BLOCK.key: 2 * true_ms(BLOCK)}
    half = replace(BLOCK, expanded_channels=48)
    assert Interpolation(costs).of(half).cost_ms == pytest.approx(2 * true_ms(half), rel=0.1)


def test_nothing_is_said_of_a_kin_that_was_not_measured(measured: dict[str, float]) -> None:
    table = Interpolation(measured)
    assert table.of(replace(BLOCK, kernel=7)) is None
    assert table.of(replace(BLOCK, se_channels=0)) is None
    assert table.of(Conv((24, 16, 16), 24, 5)) is None


def test_nothing_is_said_of_work_that_no_measured_op_does() -> None:
    """A depthwise 7x7 was measured at stride 2 alone, so that nobody knows what one at stride 1 costs."""
    rng = np.random.default_rng(0)
    drawn = [replace(op, skip="none", kernel=3) for op in blocks(rng, 150)]
    drawn += [replace(op, skip="none", kernel=7, stride=2) for op in blocks(rng, 150)]
    table = Interpolation({op.key: true_ms(op) for op in drawn})
    assert table.of(replace(drawn[0], out_channels=52)) is not None
    assert table.of(replace(drawn[0], kernel=7)) is None
    assert table.of(replace(drawn[0], stride=2)) is None


def table_of(costs: dict[str, float]) -> LatencyTable:
    entries = {key: Entry(ms, 0.0, 9) for key, ms in costs.items()}
    return LatencyTable(None, None, entries, (), Calibration(2.0, 0.5, 0.04, 12))  # type: ignore[arg-type]


def test_a_table_interpolates_where_it_may(measured: dict[str, float]) -> None:
    ends = [Conv((1, 32, 32), 24, 3, 2), Classifier((24, 16, 16), 10, 32)]
    table = table_of(measured | {op.key: true_ms(op) for op in ends})
    known = next(op for op in map(op_from_key, measured) if op.in_shape[0] == op.out_shape[0] == 24)
    between = replace(known, expanded_channels=known.expanded_channels + 4)
    seen, unseen = (Architecture.chain([ends[0], block, ends[1]]) for block in (known, between))
    assert table.estimate(seen).error_ms == pytest.approx(0.04 * table.estimate(seen).latency_ms)
    found = table.estimate(unseen)
    assert found.missing == ()
    total = sum(true_ms(op) for op in unseen.ops)
    assert found.latency_ms == pytest.approx(2 * total + 0.5, rel=0.02)
    assert found.error_ms > 0.04 * found.latency_ms
    strange = Architecture.chain([ends[0], replace(between, kernel=7), ends[1]])
    assert table.estimate(strange).missing == (strange.ops[1].key,)


@pytest.mark.parametrize(
    "op",
    [
        ClipConv((4, 2, 8, 8), 8, (1, 3, 3), (1, 1, 1)),
        BLOCK,
        Conv((3, 8, 8), 16, 3, 2),
        Classifier((8, 4, 4), 10, 16),
        MBConv((8, 8, 8), 8, 3, 1, 8, skip="pool"),
    ],
)
def test_an_op_comes_back_from_its_key(op: Op) -> None:
    assert op_from_key(op.key) == op


def test_keys_that_do_not_spell_an_op_out() -> None:
    assert op_from_key("no key") is None
    assert op_from_key("conv(in_shape=3x8x8)") is None
    assert op_from_key("conv(in_shape=axb,out_channels=3,kernel=3)") is None
