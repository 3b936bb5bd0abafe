"""A vector of float32 lanes as a type of numba's, so that kernels are SIMD by construction and not by luck.

Arithmetic between `Lanes` and with float32 numbers is lane by lane. It is plain IEEE arithmetic, without fused or
reordered operations, so a kernel gives the same bits on every processor.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel.models import PrimitiveModel
from numba.extending import intrinsic, overload, register_model
from numpy.typing import NDArray

WIDTH = 32  # two AVX-512 registers: 6 weights x 3 repetitions fit, and two chains hide each other's latency
_CACHE_LINE = 64

_VECTOR = ir.VectorType(ir.FloatType(), WIDTH)
_BITS = ir.VectorType(ir.IntType(32), WIDTH)


def lane_rows(rows: int) -> NDArray[np.float32]:
    """Zeros (rows, WIDTH), aligned so that no load crosses a cache line."""
    spare = _CACHE_LINE // 4
    raw = np.zeros(rows * WIDTH + spare, np.float32)
    skip = -raw.ctypes.data % _CACHE_LINE // 4
    return raw[skip : skip + rows * WIDTH].reshape(rows, WIDTH)


class LanesType(types.Type):  # type: ignore[misc]
    """`WIDTH` float32 numbers in vector registers."""

    def __init__(self) -> None:
        super().__init__(name=f"Lanes{WIDTH}")


LANES = LanesType()


@register_model(LanesType)
class _LanesModel(PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, fe_type: Any) -> None:
        super().__init__(manager, fe_type, _VECTOR)


@intrinsic
def splat(typing: Any, number: Any) -> Any:  # noqa: ARG001
    """The same float32 number in every lane."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
        empty = ir.Constant(_VECTOR, ir.Undefined)
        first = builder.insert_element(empty, args[0], ir.IntType(32)(0))
        return builder.shuffle_vector(first, empty, ir.Constant(_BITS, [0] * WIDTH))

    return LANES(types.float32), generate


@intrinsic
def load(typing: Any, array: Any, row: Any) -> Any:  # noqa: ARG001
    """Row `row` of a contiguous float32 array (rows, WIDTH)."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        loaded = builder.load(_address(context, builder, signature.args[0], args[0], args[1]))
        loaded.align = 4
        return loaded

    return LANES(array, types.intp), generate


@intrinsic
def store(typing: Any, array: Any, row: Any, lanes: Any) -> Any:  # noqa: ARG001
    """Write `lanes` to row `row` of a contiguous float32 array (rows, WIDTH)."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        stored = builder.store(args[2], _address(context, builder, signature.args[0], args[0], args[1]))
        stored.align = 4
        return context.get_dummy_value()

    return types.none(array, types.intp, LANES), generate


def _address(context: Any, builder: Any, array_type: Any, array: Any, row: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(builder.bitcast(data, _VECTOR.as_pointer()), [row])


@intrinsic
def where_at_most(typing: Any, a: Any, b: Any, yes: Any, no: Any) -> Any:  # noqa: ARG001
    """`yes` in the lanes where a <= b, `no` elsewhere, also where either is NaN."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.select(builder.fcmp_ordered("<=", args[0], args[1]), args[2], args[3])

    return LANES(LANES, LANES, LANES, LANES), generate


@intrinsic
def any_positive(typing: Any, a: Any) -> Any:  # noqa: ARG001
    """Whether some lane is above 0."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
        mask = builder.fcmp_ordered(">", args[0], ir.Constant(_VECTOR, [0.0] * WIDTH))
        bits = builder.bitcast(mask, ir.IntType(WIDTH))
        return builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))

    return types.boolean(LANES), generate


@intrinsic
def power_of_two(typing: Any, shifted: Any) -> Any:  # noqa: ARG001
    """2^k from `shifted` = k + 1.5 * 2^23, for whole k from -126 to 127: k's bits become the exponent."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
        bits = builder.add(builder.bitcast(args[0], _BITS), ir.Constant(_BITS, [127] * WIDTH))
        return builder.bitcast(builder.shl(bits, ir.Constant(_BITS, [23] * WIDTH)), _VECTOR)

    return LANES(LANES), generate


def _unary(name: str) -> Any:
    @intrinsic
    def apply(typing: Any, a: Any) -> Any:  # noqa: ARG001
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
            kind = ir.FunctionType(_VECTOR, [_VECTOR])
            return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{WIDTH}f32"), args)

        return LANES(LANES), generate

    return apply


absolute = _unary("fabs")
nearest = _unary("rint")


def _binary(instruction: str) -> Any:
    @intrinsic
    def apply(typing: Any, a: Any, b: Any) -> Any:  # noqa: ARG001
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
            return getattr(builder, instruction)(*args)

        return LANES(LANES, LANES), generate

    return apply


def _operator(symbol: Callable[[Any, Any], Any], instruction: str) -> None:
    apply = _binary(instruction)

    @overload(symbol, strict=False)  # numba compares annotations too, and lambdas have none
    def typed(a: Any, b: Any) -> Any:
        if a is LANES and b is LANES:
            return lambda a, b: apply(a, b)  # noqa: PLW0108 - numba takes functions of Python only
        if a is LANES and isinstance(b, types.Float):
            return lambda a, b: apply(a, splat(np.float32(b)))
        if b is LANES and isinstance(a, types.Float):
            return lambda a, b: apply(splat(np.float32(a)), b)
        return None


for _symbol, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _operator(_symbol, _instruction)
