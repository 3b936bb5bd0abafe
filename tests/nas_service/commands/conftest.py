"""The commands as a user types them, at a service that runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from services import Live

from nas_service.commands import main

Nas = Callable[..., tuple[int, str, str]]


@pytest.fixture
def nas(live: Live, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Nas:
    """Runs a command; exit code, stdout, stderr."""
    monkeypatch.setenv("NAS_SERVER", live.url)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return int(end.value.code or 0), said.out, said.err

    return run
