"""Activations on lanes against numpy's, and the compiled kernels' cache."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from numba import njit

from search_spaces.wann import activations
from workers.wann.compiled import compiled, sources_digest
from workers.wann.forward import activate
from workers.wann.lanes import WIDTH, lane_rows, load, store


@njit
def _apply(number, x, out):
    for row in range(len(x)):
        store(out, row, activate(number, load(x, row)))


def on_lanes(number: int, values: np.ndarray) -> np.ndarray:
    rows = -(-len(values) // WIDTH)
    given, out = lane_rows(rows), lane_rows(rows)
    given.flat[: len(values)] = values
    _apply(number, given, out)
    return out.flat[: len(values)]


@pytest.mark.parametrize("number", sorted(activations.NAMES))
def test_activations_agree_with_numpy_to_float32(number: int) -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate(
        [rng.uniform(-9, 9, 4000), rng.normal(0, 1e-3, 1000), rng.uniform(-1e3, 1e3, 1000), [0, 0.5, -1]]
    )
    x = x.astype(np.float32)
    expected = activations.activate(number, x.astype(np.float64))
    np.testing.assert_allclose(on_lanes(number, x), expected, rtol=2e-7, atol=1e-6 if number in {3, 4, 5, 6, 10} else 0)


@pytest.mark.parametrize("number", [3, 5])
def test_small_arguments_keep_their_relative_accuracy(number: int) -> None:
    x = np.logspace(-30, -2, 500, dtype=np.float32)
    np.testing.assert_allclose(on_lanes(number, x), activations.activate(number, x.astype(float)), rtol=1e-6)


def test_periods_hold_for_large_arguments() -> None:
    x = np.array([2.0**k + 0.5 for k in range(1, 22)] + [1e8, 3e30], dtype=np.float32)
    for number in (3, 10):
        exact = activations.activate(number, np.fmod(x.astype(float), 2))
        np.testing.assert_allclose(on_lanes(number, x), exact, atol=1e-6)


@pytest.mark.parametrize("number", sorted(activations.NAMES))
def test_infinity_and_nan_go_where_numpy_sends_them(number: int) -> None:
    x = np.array([np.inf, -np.inf, np.nan], dtype=np.float32)
    with np.errstate(invalid="ignore"):
        expected = activations.activate(number, x)
    np.testing.assert_allclose(on_lanes(number, x), expected, atol=3e-7)


def test_no_product_is_fused_with_a_sum_so_every_processor_gives_the_same_bits() -> None:
    on_lanes(1, np.ones(1, np.float32))
    code = "".join(_apply.inspect_asm().values())
    assert re.search(r"mulps|fmul\s+v", code)
    assert not re.search(r"fn?madd|fn?msub|fmla|fmls", code)


def test_machine_code_is_kept_until_a_file_beside_the_kernel_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a_kept_kernel.py").write_text("def kernel(x):\n    return x + 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    function = import_module("a_kept_kernel").kernel

    def loaded() -> int:
        sources_digest.cache_clear()
        kernel = compiled(function)
        assert kernel(1) == 2
        return sum(kernel.stats.cache_hits.values())

    assert [loaded(), loaded()] == [0, 1]
    assert list((tmp_path / "__pycache__").glob("*.nbc"))
    (tmp_path / "called.py").write_text("def called(x):\n    return x\n")
    assert [loaded(), loaded()] == [0, 1]


def test_a_kernel_that_no_folder_can_keep_is_compiled_all_the_same() -> None:
    found: dict = {}
    exec("def kernel(x):\n    return x + 1\n", found)  # noqa: S102 - a function without a file
    assert compiled(found["kernel"])(1) == 2
