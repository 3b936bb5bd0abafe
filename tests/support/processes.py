"""The service as a user runs it: `nas serve` in a process of its own, and `nas` on the command line beside it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from nas_service.client import Client

NAS = (sys.executable, "-m", "nas_service")
LONGEST_S = 240
GLANCE_S = 0.05


@dataclass
class Server:
    """A service whose state lies under `home`; it can be killed and started again at the same address."""

    home: Path
    options: tuple[str, ...] = ()
    url: str = ""
    _process: subprocess.Popen[str] | None = None
    _family: list[psutil.Process] = field(default_factory=list)

    def start(self) -> None:
        """Return once the service listens; it answers as soon as it is ready."""
        port = self.url.rpartition(":")[2] or "0"
        self.home.mkdir(exist_ok=True)
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*NAS, "serve", "--port", port, *self.options],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        said = self._process.stdout.readline().split()
        if not said:
            raise RuntimeError(f"nas serve ended: {self.log}")
        self.url = said[3]

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"NAS_HOME": str(self.home), "NAS_SERVER": self.url, "COLUMNS": "200"}

    @property
    def log(self) -> str:
        return (self.home / "server.log").read_text(errors="replace")

    def kill(self) -> None:
        """Kill -9 of the service, and of the workers that it leaves behind."""
        self._remember_family()
        self._process.kill()
        self._process.wait()
        self._reap()

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self._remember_family()
        self._process.terminate()
        self._process.wait(LONGEST_S)
        self._process.stdout.close()
        self._reap()

    def _remember_family(self) -> None:
        self._family = psutil.Process(self._process.pid).children(recursive=True)

    def _reap(self) -> None:
        for process in self._family:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def busy_workers(self) -> list[psutil.Process]:
        """The processes in which Ray runs trials at this moment."""
        found = psutil.Process(self._process.pid).children(recursive=True)
        return [p for p in found if p.is_running() and _title(p).startswith("ray::_Actor.run")]

    def until(self, condition: Callable[[], Any]) -> Any:
        """What `condition` gives once that is true. Raises when the service dies or takes too long."""
        for _ in range(int(LONGEST_S / GLANCE_S)):
            if found := condition():
                return found
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(GLANCE_S)
                break
        raise TimeoutError(f"this did not come about; the service's log: {self.log}")

    def client(self) -> Client:
        return Client(self.url)

    def nas(self, *arguments: object, code: int = 0) -> str:
        """What a command prints on stdout (on stderr where it is to fail), after a look at its exit code."""
        command = [*NAS, *map(str, arguments)]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=LONGEST_S
        )
        if done.returncode != code:
            raise AssertionError(f"nas {arguments} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stderr if code else done.stdout

    def nas_json(self, *arguments: object) -> Any:
        return json.loads(self.nas(*arguments, "--json"))

    def row_counts(self) -> dict[str, int]:
        """Rows of every table, read past the service."""
        with closing(sqlite3.connect(self.home / "nas.sqlite")) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            return {t: connection.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0] for (t,) in tables}  # noqa: S608


def _title(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""
