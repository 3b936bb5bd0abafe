"""The service with workers that take no time, in a process of its own: `python server.py HOME`. It prints its port.

With `--page` it shows the dashboard, with `--idle` it leaves its jobs as they are, and with `--slots N` it has so many
workers in threads, whose trials take what their task says.
"""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path

import uvicorn

sys.path.append(str(Path(__file__).parents[1]))

from coordinating.laboratory import SLOTS
from jobs.instant import InstantDispatcher

from nas_service import memory
from nas_service.app import create_app
from nas_service.settings import Settings
from workers.dispatchers import Dispatcher, InlineDispatcher


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--idle", action="store_true")
    parser.add_argument("--slots", type=int)
    asked = parser.parse_args()
    dispatcher: Dispatcher = InlineDispatcher(asked.slots) if asked.slots else InstantDispatcher(SLOTS)
    app = create_app(Settings(home=asked.home, page=asked.page, coordinate=not asked.idle), dispatcher=dispatcher)
    memory.settle()  # as `nas serve` does
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[listener])


if __name__ == "__main__":
    main()
