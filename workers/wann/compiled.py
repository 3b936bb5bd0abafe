"""Compiling kernels once a machine: machine code is kept beside the package, or in the user's cache folder.

numba forgets that a kernel is stale when only a function that it calls has changed; here a kernel belongs to the
content of every file beside its own. Where no folder can be written, each process compiles for itself, in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

from numba import njit
from numba.core.caching import FunctionCache

Function = TypeVar("Function", bound=Callable[..., Any])


class KernelCache(FunctionCache):  # type: ignore[misc]
    """numba's cache, keyed by the sources that a kernel may be made of besides."""

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        return (*super()._index_key(sig, codegen), sources_digest(Path(self._py_func.__code__.co_filename).parent))


def compiled(function: Function) -> Function:
    """`function` as machine code, compiled when it is first called; what it calls is decorated with numba's `njit`."""
    kernel: Function = njit(error_model="numpy", boundscheck=False)(function)
    with suppress(RuntimeError):  # numba found no folder that it can write
        kernel._cache = KernelCache(function)  # type: ignore[attr-defined]  # noqa: SLF001 - as its enable_caching does
    return kernel


@lru_cache
def sources_digest(folder: Path) -> str:
    """Hash of the content of the Python files in `folder`."""
    digest = blake2b(digest_size=16)
    for path in sorted(folder.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
