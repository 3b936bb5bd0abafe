"""`nas dashboard` as a process: NiceGUI has one server a process, and that of the tests serves other pages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def showing(server: str, *, key: str = "") -> Iterator[str]:
    """The address of a dashboard of this service, once it listens."""
    command = [sys.executable, "-m", "nas_service", "dashboard", "--server", server, "--port", "0"]
    environment = os.environ | {"NAS_API_KEY": key, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            line = process.stdout.readline()
            if not line.startswith(f"nas shows {server} at http"):
                raise RuntimeError(line + process.stdout.read())
            yield line.split()[4].rstrip(";")
        finally:
            process.kill()
