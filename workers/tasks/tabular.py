"""Task `tabular`: metrics looked up in a table of architectures that were evaluated before."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from search_spaces import Architecture, Signature
from search_spaces.space import Kind

from ..failures import TrialError
from ..requests import EvaluationRequest, Fidelity, Report, Runner, ShouldStop, TrialRequest
from ..trial_runner import TrialRunner
from .base import Metric, Task, TaskError, TaskOptions
from .data_roots import allowed

Rows = dict[str, dict[str, float]]


class TabularOptions(TaskOptions):
    """`path` is a CSV file with a header, or a JSON list of objects: a `hash` column, the others are metrics.

    Metrics are maximised unless `minimize` names them.
    """

    path: Path
    minimize: tuple[str, ...] = ()
    kind: Kind = "image"
    channels: Annotated[int, Field(ge=1, le=4096)] = 3
    outputs: Annotated[int, Field(ge=1, le=100_000)] = 10
    sizes: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(le=4096)]] = (8, 512)


class Tabular(Task):
    """A metric whose values all lie within 0 and 1 has that range, so that it can serve as MnasNet's accuracy."""

    name: ClassVar[str] = "tabular"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "metrics read from a CSV or JSON table, by architecture hash"
    Options: ClassVar[type[TaskOptions]] = TabularOptions
    options: TabularOptions

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        content = _read(self.options.path)
        self._digest = blake2b(content, digest_size=16).hexdigest()
        self.rows = _rows(self.options.path, content)

    @property
    def signature(self) -> Signature:
        o = self.options
        return Signature(o.kind, o.channels, o.outputs, o.sizes)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return tuple(self._metric(name) for name in next(iter(self.rows.values())))

    def _metric(self, name: str) -> Metric:
        within = all(0 <= row[name] <= 1 for row in self.rows.values())
        return Metric(name, "minimize" if name in self.options.minimize else "maximize", (0.0, 1.0) if within else None)

    @property
    def fidelity(self) -> Fidelity:
        return Fidelity(epochs=1)

    @property
    def fingerprint(self) -> str:
        return self._digest

    def runner(self) -> Runner:
        return TabularRunner(self.rows, self.options.path)


class TabularRunner(TrialRunner):
    def __init__(self, rows: Mapping[str, dict[str, float]], path: Path) -> None:
        self._rows = rows
        self._path = path

    def run_trial(self, request: EvaluationRequest, trial: TrialRequest, should_stop: ShouldStop) -> Iterator[Report]:  # noqa: ARG002
        key = Architecture.from_json(trial.architecture).hash
        if key not in self._rows:
            raise TrialError(
                "error", f"{self._path.name} has no row for architecture {key}; choose the space that it was made for"
            )
        yield Report(request.request_id, request.attempt, trial.trial_id, "completed", 1, dict(self._rows[key]))


def _read(path: Path) -> bytes:
    try:
        return allowed(path, "task.path").read_bytes()
    except OSError as error:
        raise TaskError(f"cannot read the table {path}: {error.strerror}", "task.path") from None


def _rows(path: Path, content: bytes) -> Rows:
    """Hash to metrics. Raises TaskError where the file is no such table."""
    try:
        listed = _parse(content, path.suffix)
        rows = {str(row["hash"]): {k: float(v) for k, v in row.items() if k != "hash"} for row in listed}
        columns = {frozenset(row) for row in rows.values()}
    except (ValueError, TypeError, KeyError, AttributeError, csv.Error):
        columns = set()
    if len(columns) != 1 or not next(iter(columns)):
        raise TaskError(
            f"{path.name} is no table of metrics: expected CSV with a header, or a JSON list of objects, each with "
            "`hash` and the same columns of numbers",
            "task.path",
        )
    return rows


def _parse(content: bytes, suffix: str) -> list[dict[str, Any]]:
    text = content.decode("utf-8")
    if suffix == ".json":
        return list(json.loads(text))
    return list(csv.DictReader(io.StringIO(text), strict=True))
