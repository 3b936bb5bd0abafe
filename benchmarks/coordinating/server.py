"""The service with workers that take no time, in a process of its own: `python server.py HOME`. It prints its port."""

from __future__ import annotations

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


def main() -> None:
    app = create_app(Settings(home=Path(sys.argv[1]), page=False), dispatcher=InstantDispatcher(SLOTS))
    memory.settle()  # as `nas serve` does
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[listener])


if __name__ == "__main__":
    main()
