"""The commands as a user types them, at a service that runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from services import Live

from nas_service.commands import main

Nas = Callable[..., tuple[int, str, str]]
Refused = Callable[..., str]


@pytest.fixture
def nas(live: Live, typed: Nas, monkeypatch: pytest.MonkeyPatch) -> Nas:
    """Runs a command at the service; exit code, stdout, stderr."""
    monkeypatch.setenv("NAS_SERVER", live.url)
    return typed


@pytest.fixture
def nas_alone(tmp_path: Path, typed: Nas, monkeypatch: pytest.MonkeyPatch) -> Nas:
    """Runs a command on the home below `tmp_path`, where no service is."""
    monkeypatch.setenv("NAS_HOME", str(tmp_path / "home"))
    return typed


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Nas:
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return int(end.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def refused(typed: Nas, monkeypatch: pytest.MonkeyPatch) -> Refused:
    """What a command that would serve says, in this environment, instead of serving."""

    def serves(_: object, **__: object) -> None:
        raise AssertionError("it serves")

    def run(*arguments: object, **environment: str) -> str:
        with monkeypatch.context() as patch:
            patch.setattr("uvicorn.Server.run", serves)
            for name, value in environment.items():
                patch.setenv(name, value)
            code, _, said = typed(*arguments)
        assert (code, said.count("\n")) == (2, 1), said
        return said

    return run
