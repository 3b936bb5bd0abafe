"""How inference runs on a device: on how many threads, in which precision, by which execution provider."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Threads = int | Literal["all"]
Precision = Literal["float32", "int8"]

CPU = "CPUExecutionProvider"
MOST_THREADS = 256
PRECISIONS: dict[object, Precision] = {"float32": "float32", "fp32": "float32", "int8": "int8"}
PROVIDER = r"[A-Z][A-Za-z0-9]{0,40}ExecutionProvider"


@dataclass(frozen=True)
class Setting:
    """What a latency table is of, beside its device.

    `threads` may be `all`: as many as the device that measures has cores. `precision` is that of the networks;
    `provider` is one of onnxruntime's. As text, a setting is part of a file name: `1t`, `all-int8`, `2t-CUDA`.
    """

    threads: Threads = 1
    precision: str = "float32"
    provider: str = CPU

    def __str__(self) -> str:
        parts = ["all" if self.threads == "all" else f"{self.threads}t"]
        if self.precision != "float32":
            parts.append(self.precision)
        if self.provider != CPU:
            parts.append(self.provider.removesuffix("ExecutionProvider"))
        return "-".join(parts)

    @property
    def words(self) -> str:
        """As part of a sentence."""
        parts = [f"{self.threads} thread{'' if self.threads == 1 else 's'}"]
        if self.precision != "float32":
            parts.append(self.precision)
        if self.provider != CPU:
            parts.append(self.provider)
        return ", ".join(parts)

    @property
    def options(self) -> str:
        """As options of `nas device`."""
        precision = "" if self.precision == "float32" else f" --precision {self.precision}"
        provider = "" if self.provider == CPU else f" --provider {self.provider}"
        return f"--threads {self.threads}{precision}{provider}"

    def on(self, cores: int) -> int:
        """How many threads these are on a device with so many cores."""
        return cores if self.threads == "all" else self.threads

    def but(self, threads: Threads | None = None, precision: str | None = None, provider: str | None = None) -> Setting:
        """The same with what is given."""
        return Setting(threads or self.threads, precision or self.precision, provider or self.provider)


USUAL = Setting()


def threads_of(written: object) -> Threads:
    """Raises ValueError for what is neither `all` nor a number of threads."""
    if written == "all":
        return "all"
    if not isinstance(written, bool) and re.fullmatch(r"[0-9]{1,3}(\.0)?", str(written)):
        found = int(float(str(written)))
        if 1 <= found <= MOST_THREADS:
            return found
    raise ValueError(f"the number of threads is 1 to {MOST_THREADS}, or all")


def precision_of(written: object) -> Precision:
    """Raises ValueError for what is no precision; `fp32` is another word for `float32`."""
    if isinstance(written, str) and written in PRECISIONS:
        return PRECISIONS[written]
    raise ValueError(f"a precision is one of {', '.join(map(str, PRECISIONS))}")


def provider_of(written: object) -> str:
    """Raises ValueError for what cannot be the name of an execution provider."""
    if isinstance(written, str) and re.fullmatch(PROVIDER, written):
        return written
    raise ValueError(f"an execution provider is called as onnxruntime calls it, such as {CPU}")
