"""What cannot run is refused by the command line: exit code 2, the field, what would be right, nothing changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from digits_search import BY_MACS, SEARCH
from processes import Server

from latency_tables import LatencyTable, table_path
from nas_service.commands import main

Written = Callable[[Mapping[str, Any]], Path]


@pytest.fixture(autouse=True)
def _unchanged(server: Server) -> Iterator[None]:
    before = server.row_counts()
    yield
    assert server.row_counts() == before


@pytest.fixture
def refused(server: Server, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command that has to be refused; what it says."""

    def run(*arguments: object) -> str:
        with pytest.raises(SystemExit) as end:
            main([*map(str, arguments), "--server", server.url])
        assert end.value.code == 2
        said = capsys.readouterr().err
        assert "Traceback" not in said
        return said

    return run


def changed(spec: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    found = deepcopy(dict(spec))
    *parents, last = path.split(".")
    part = found
    for parent in parents:
        part = part.setdefault(parent, {})
    part[last] = value
    return found


@pytest.mark.parametrize(
    ("path", "value", "field", "right"),
    [
        ("space.name", "resnet", "space.name", "mobilenetv3"),
        ("task.name", "mnist", "task.name", "digits"),
        ("strategy.name", "magic", "strategy.name", "evolution"),
        ("task.metric", "f1", "task.metric", "val_accuracy"),
        ("objective.cost", "joules", "objective.cost", "latency_ms"),
        ("colour", "blue", "colour", "space"),
        ("space.options.colour", "blue", "space.options.colour", "resolution"),
        ("strategy.colour", "blue", "strategy.colour", "population"),
        ("budget.trials", 0, "budget.trials", "greater than or equal to 1"),
        ("budget.hours", 0, "budget.hours", "greater than 0"),
        ("objective.limits", {"macs": 1}, "objective.limits.macs", "Raise the limit"),
        ("task", {"name": "landscape", "kind": "vector"}, "space.name", "vector"),
    ],
)
def test_a_spec_that_cannot_run(
    refused: Callable[..., str], written: Written, path: str, value: object, field: str, right: str
) -> None:
    said = refused("submit", written(changed(BY_MACS, path, value)))
    assert field in said
    assert right in said


def test_a_latency_limit_that_nothing_meets(refused: Callable[..., str], written: Written, table: LatencyTable) -> None:
    said = refused("submit", written(changed(SEARCH, "objective.limits", {"latency_ms": 1e-6})))
    assert "objective.limits.latency_ms" in said
    assert "the lowest latency_ms among them" in said


def test_a_table_of_another_runtime(
    refused: Callable[..., str], written: Written, server: Server, table: LatencyTable
) -> None:
    old = replace(table, device=replace(table.device, name="old"), runtime=replace(table.runtime, onnxruntime="1.2.3"))
    old.save(table_path(server.home / "tables", "old"))
    said = refused("submit", written(changed(SEARCH, "device", {"name": "old", "threads": 1})))
    assert "device.name" in said
    assert "1.2.3" in said
    assert "nas device profile old" in said


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("cut", lambda text: text[:-100]),
        ("edited", lambda text: text.replace('"base_ms"', '"base_ms": 0, "bass_ms"', 1)),
        ("binary", lambda text: text.replace("{", "\0", 1)),
    ],
)
def test_a_table_that_is_damaged(
    refused: Callable[..., str],
    written: Written,
    server: Server,
    table: LatencyTable,
    name: str,
    damage: Callable[[str], str],
) -> None:
    whole = table_path(server.home / "tables", "local")
    table_path(server.home / "tables", name).write_text(damage(whole.read_text()))
    said = refused("submit", written(changed(SEARCH, "device", {"name": name, "threads": 1})))
    assert "device.name" in said
    assert f"nas device profile {name}" in said


def test_a_device_that_was_never_measured(refused: Callable[..., str], written: Written) -> None:
    said = refused("submit", written(changed(SEARCH, "device", {"name": "toaster", "threads": 1})))
    assert "nas device profile toaster" in said


@pytest.mark.parametrize("command", ["show", "watch", "pause", "resume", "cancel"])
def test_an_id_that_is_none(refused: Callable[..., str], command: str) -> None:
    assert "nope" in refused(command, "nope")


def test_an_export_of_what_is_none(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "nope" in refused("export", "nope", "-o", tmp_path)


@pytest.mark.parametrize("suffix", ["yaml", "json"])
@pytest.mark.parametrize("text", [b"", b"[1, 2]", b"{name", b"\tname: x", b'"words"', b"[" * 100_000, b"\xff\xfe"])
def test_a_file_that_is_no_spec(refused: Callable[..., str], tmp_path: Path, text: bytes, suffix: str) -> None:
    path = tmp_path / f"spec.{suffix}"
    path.write_bytes(text)
    assert str(path) in refused("submit", path)


def test_a_file_that_is_not_there(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "cannot be read" in refused("submit", tmp_path / "spec.yaml")


def test_a_hundred_megabytes(refused: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(BY_MACS | {"name": "x" * 100_000_000}))
    assert "at most 2,000,000" in refused("submit", path)
    path.unlink()


def test_a_server_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["jobs", "--server", "http://127.0.0.1:1"])
    assert end.value.code == 2
    assert "http://127.0.0.1:1" in capsys.readouterr().err


def test_the_installed_command_ends_with_the_same_code(server: Server, written: Written) -> None:
    said = server.nas("submit", written(changed(BY_MACS, "space.name", "resnet")), code=2)
    assert said.startswith("nas: ")
    assert "space.name" in said
