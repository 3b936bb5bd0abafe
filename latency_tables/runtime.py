"""What decides the kernels that run, beside the device: part of a latency table's fingerprint."""

from __future__ import annotations

from dataclasses import dataclass

from device_agent.machine import installed_onnxruntime, usable_cores
from device_agent.setting import CPU, USUAL, Setting, Threads, precision_of, provider_of, threads_of
from search_spaces.export_format import exporter


@dataclass(frozen=True)
class Runtime:
    """What decides the kernels that run: onnxruntime, how the files were exported, and the setting.

    `cores` is how many `all` threads were; None where their number was given.
    """

    onnxruntime: str
    exporter: str
    threads: Threads
    batch: int = 1
    precision: str = "float32"
    provider: str = CPU
    cores: int | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a setting that cannot be."""
        threads_of(self.threads)
        precision_of(self.precision)
        provider_of(self.provider)

    @classmethod
    def of(cls, onnxruntime: str, setting: Setting, cores: int, written: str | None = None) -> Runtime:
        """That of a device with so many cores; `written` says how files were made, where not here and now."""
        counted = cores if setting.threads == "all" else None
        how = exporter(setting.precision) if written is None else written
        return cls(onnxruntime, how, setting.threads, 1, setting.precision, setting.provider, counted)

    @classmethod
    def here(cls, setting: Setting = USUAL) -> Runtime:
        """The runtime of this environment; `onnxruntime` is empty where it is not installed (a bare coordinator)."""
        return cls.of(installed_onnxruntime(), setting, usable_cores())

    @property
    def setting(self) -> Setting:
        return Setting(self.threads, self.precision, self.provider)
