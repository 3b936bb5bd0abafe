"""The latency tables of this service: listing, reading and taking in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from device_agent.setting import Setting
from latency_tables import LatencyTable, TableError, load, table_path, table_paths
from nas_service.errors import Conflict, NotFound, ServiceError

from .device_views import DeviceView

KEPT = 1000  # views of files


class BadTable(ServiceError):
    """A document that is no latency table, or a name that cannot be one's."""

    title = "The latency table cannot be used"


def listed(folder: Path) -> list[DeviceView]:
    """Every table of the folder; one that cannot be read says so in `problem`."""
    return list(_views(folder))


def read(folder: Path, name: str, setting: Setting) -> bytes:
    """The document of a table, as measured. Raises NotFound."""
    return located(folder, name, setting).read_bytes()


def located(folder: Path, name: str, setting: Setting) -> Path:
    """The file of a table. Raises BadTable for a name that cannot be one's, NotFound where there is none."""
    path = _path(folder, name, setting)
    if not path.exists():
        raise NotFound(
            f"there is no latency table for {name!r} with {setting.words}; "
            f"measure one with: nas device profile {name} {setting.options} --for SPEC.yaml"
        )
    return path


def write(folder: Path, name: str, document: dict[str, Any]) -> DeviceView:
    """Check a table and take it in, in place of the one before. Raises BadTable and Conflict."""
    with TemporaryDirectory() as checked:
        file = Path(checked) / "table.json"
        file.write_text(json.dumps(document), encoding="utf-8")
        try:
            table = load(file)
        except TableError as error:
            raise BadTable(str(error).replace(str(file), "that was sent")) from None
    if table.device.name != name:
        raise Conflict(f"this table was measured on {table.device.name!r}, not on {name!r}", "name")
    path = _path(folder, name, table.runtime.setting)
    table.save(path)
    return _view(table, path)


def _path(folder: Path, name: str, setting: Setting) -> Path:
    try:
        return table_path(folder, name, setting)
    except TableError as error:
        raise BadTable(str(error), "name") from None


def _views(folder: Path) -> Iterator[DeviceView]:
    for path in table_paths(folder):
        with suppress(FileNotFoundError):  # removed meanwhile
            written = path.stat()
            yield _view_of(path, written.st_mtime_ns, written.st_size)


@lru_cache(maxsize=KEPT)
def _view_of(path: Path, _written_ns: int, _size: int) -> DeviceView:
    """Pages ask for all tables every few seconds: a file is read again when it has changed."""
    try:
        return _view(load(path), path)
    except TableError as error:
        return DeviceView(name=path.stem, threads=0, hash="", ops=0, facts={}, problem=str(error))


def _view(table: LatencyTable, path: Path) -> DeviceView:
    return DeviceView(
        name=table.device.name,
        **asdict(table.runtime.setting),
        hash=table.hash,
        ops=len(table.entries),
        facts=_facts(table),
        problem=table.mismatch(setting=table.runtime.setting) or "",
        doubt=_doubt(table),
        drift=table.drift,
        written_at=path.stat().st_mtime,
    )


def _facts(table: LatencyTable) -> dict[str, Any]:
    facts = asdict(table.runtime) | asdict(table.calibration) | asdict(table.device)
    return facts if table.protocol is None else facts | {"protocol": asdict(table.protocol)}


def _doubt(table: LatencyTable) -> str:
    if (doubt := table.doubt) is None:
        return ""
    off = f"{abs(doubt.bias):.1%} too {'high' if doubt.bias > 0 else 'low'}"
    return (
        f"estimates were {off} for {doubt.networks} measured networks, of which {doubt.inside} took what their "
        "intervals said; the table was calibrated anew with them"
    )
