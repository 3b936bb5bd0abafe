"""What an export is told besides its trial."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from device_agent.setting import USUAL, Setting

from .failures import TrialError


@dataclass(frozen=True)
class ExportOptions:
    """`request.options` of an export, as the coordinator writes them; every key may be left out.

    `setting` is that of inference on the device; `estimated_ms` and its error come from the latency table of
    `table_hash`; `spec` is the job's, `lineage` its ancestors from the first to the parent, a line each, `candidate`
    its id and `genotype` how its space writes it. `int8` asks for a second, quantised file; `normalise` for files that
    take pixels as they are.
    """

    setting: Setting = USUAL
    estimated_ms: float | None = None
    estimated_error_ms: float | None = None
    table_hash: str = ""
    spec: dict[str, Any] = field(default_factory=dict)
    lineage: tuple[str, ...] = ()
    candidate: str = ""
    genotype: dict[str, Any] = field(default_factory=dict)
    int8: bool = False
    normalise: bool = False

    @classmethod
    def of(cls, options: dict[str, Any]) -> ExportOptions:
        """The options of a request. Raises TrialError for a key that an export does not know."""
        known = [f.name for f in fields(cls)]
        unknown = sorted(options.keys() - set(known))
        if unknown:
            raise TrialError("error", f"an export has no option {', '.join(unknown)}; it has: {', '.join(known)}")
        lineage, setting = tuple(map(str, options.get("lineage", ()))), Setting(**options.get("setting", {}))
        return cls(**options | {"lineage": lineage, "setting": setting})
