"""The agent as a program: beside a service, or with orders that were carried here.

python3 agent.pyz --server https://nas.example --name pi4
python3 pi4.pyz
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import uuid
from pathlib import Path

from .bundle import is_bundle, measure_bundle
from .machine import installed_onnxruntime
from .online import IDLE_S, work
from .orders import OtherVersion
from .rounds import CannotRun, Progress
from .server import Refused, Server


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0, or 2 for what the person in front of it can put right."""
    parser = argparse.ArgumentParser(prog="agent", description="Measure this device for the search service.")
    parser.add_argument("--server", metavar="URL", help="the service to ask for orders")
    parser.add_argument("--name", help="the name that jobs call this device by")
    parser.add_argument(
        "--key", default=os.environ.get("NAS_API_KEY", ""), help="of scope measure; NAS_API_KEY has it else"
    )
    parser.add_argument("--once", action="store_true", help="end when there is nothing to measure, instead of waiting")
    parser.add_argument("--offline", metavar="FILE", type=Path, help="orders carried here, instead of a service")
    asked = parser.parse_args(arguments)
    own = Path(sys.argv[0])
    offline = asked.offline or (own if arguments is None and own.is_file() and is_bundle(own) else None)
    if offline is None and not (asked.server and asked.name):
        parser.error("say where orders come from: --server URL with --name NAME, or --offline FILE")
    if not installed_onnxruntime():
        return _refuse("onnxruntime is not installed here; install it with: pip install onnxruntime")
    try:
        if offline is not None:
            print(f"measured: {measure_bundle(offline, _show)}")  # noqa: T201
        else:
            _serve(Server(asked.server, asked.key, _say), asked.name, once=asked.once)
    except (Refused, OtherVersion, CannotRun, ValueError, OSError) as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return _refuse("stopped; the same command goes on where it was")
    return 0


def _serve(server: Server, name: str, *, once: bool) -> None:
    agent = uuid.uuid4().hex
    _say(f"{name}: asking for orders")
    while True:
        worked = work(server, name, agent, _say, _show)
        if not worked and once:
            return
        if not worked:
            time.sleep(IDLE_S)


def _show(now: Progress) -> None:
    left = "" if now.seconds_left is None else f", about {now.seconds_left:.0f} s left"
    end = "\n" if now.done == now.total else ""
    sys.stderr.write(f"\rmeasuring: {now.done / now.total:4.0%}{left}      {end}")
    sys.stderr.flush()


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def _refuse(sentence: str) -> int:
    _say(f"agent: {sentence}")
    return 2


if __name__ == "__main__":
    sys.exit(main())
