"""The demo's own service: a real server process with its state in the demo's folder."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

START_LIMIT_S = 90


@contextmanager
def service(home: Path, *options: str) -> Iterator[str]:
    """The URL of a running service whose state lies under `home`; it ends with the block. `options` are of `nas serve`.

    Raises RuntimeError with the end of its log when it does not become ready.
    """
    port = _free_port()
    log = home / "server.log"
    environment = os.environ | {"NAS_HOME": str(home), "NAS_DATABASE_URL": "", "NAS_ARTIFACTS": ""}
    command = [sys.executable, "-m", "nas_service", "serve", "--port", str(port), *options]
    with (
        log.open("wb") as output,
        subprocess.Popen(  # noqa: S603 - our own command
            command, env=environment, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            yield _when_ready(f"http://127.0.0.1:{port}", process, log)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


def _when_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end and process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return url
        time.sleep(0.2)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise RuntimeError(f"the service did not become ready in {START_LIMIT_S} s; its log ({log}) ends with:\n{tail}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
