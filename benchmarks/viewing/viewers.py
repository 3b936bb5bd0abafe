"""Viewers of a job's page without a browser, in a process of their own: `python viewers.py URL JOB VIEWERS`.

Each fetches the page and opens its WebSocket as a browser does, with compression, answers its pings and tells what it
has got. It prints a line when all are connected, watches until its standard input ends, and then prints how many
messages and megabytes came, the fewest that one of them got, and how many lost their connection. Messages are not
parsed: viewers are elsewhere, and drawing is not this machine's work.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
import time
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

CLIENT = re.compile(r"'client_id': '([^']+)'")
NEXT = re.compile(r"'next_message_id': (\d+)")
NUMBER = re.compile(r'"_id":(\d+)')
TOLD_S = 3.0  # a browser tells so often what it has got
TAIL = 40  # characters at the end of a message, where its number is
OPEN, CONNECT, PING, PONG, EVENT = "0", "40", "2", "3", "42"  # of Engine.IO and Socket.IO


@dataclass
class Viewer:
    page: str
    client_id: str = ""
    upcoming: int = 0
    messages: int = 0
    bytes: int = 0
    lost: bool = False

    async def open(self, http: httpx.AsyncClient) -> ClientConnection:
        """The page, and its WebSocket once the handshake is over."""
        answer = (await http.get(self.page, headers={"accept": "text/html"})).raise_for_status()
        self.client_id = _found(CLIENT, answer.text)
        self.upcoming = int(_found(NEXT, answer.text))
        base = f"{answer.url.scheme}://{answer.url.netloc.decode()}"
        query = {
            "client_id": self.client_id,
            "next_message_id": self.upcoming,
            "implicit_handshake": "true",
            "document_id": str(uuid.uuid4()),
            "tab_id": str(uuid.uuid4()),
            "EIO": 4,
            "transport": "websocket",
        }
        address = f"{base.replace('http', 'ws', 1)}/_nicegui_ws/socket.io/?{urlencode(query)}"
        socket = await connect(address, origin=base, max_size=None)  # type: ignore[arg-type]
        await socket.recv()  # what Engine.IO opens with
        await socket.send(CONNECT)
        while not str(await socket.recv()).startswith(CONNECT):
            pass
        return socket

    async def watch(self, socket: ClientConnection) -> None:
        told = time.monotonic()
        try:
            async for message in socket:
                text = message if isinstance(message, str) else message.decode(errors="replace")
                if text == PING:
                    await socket.send(PONG)
                elif text.startswith(EVENT):
                    self._note(text)
                if time.monotonic() - told > TOLD_S:
                    told = time.monotonic()
                    known = {"client_id": self.client_id, "next_message_id": self.upcoming}
                    await socket.send(f"{EVENT}{json.dumps(['ack', known])}")
        except ConnectionClosed:
            pass
        self.lost = True  # nobody here closes it before the end

    def _note(self, text: str) -> None:
        self.messages += 1
        self.bytes += len(text)
        if number := NUMBER.search(text[-TAIL:]):
            self.upcoming = int(number[1]) + 1


def _found(pattern: re.Pattern[str], page: str) -> str:
    found = pattern.search(page)
    if found is None:
        raise RuntimeError(f"the page has no {pattern.pattern}; NiceGUI has changed what it sends")
    return found[1]


async def main(page: str, count: int) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    viewers = [Viewer(page) for _ in range(count)]
    async with httpx.AsyncClient(timeout=120) as http:  # the first ones answer pings while the others come
        tasks = [asyncio.create_task(viewer.watch(await viewer.open(http))) for viewer in viewers]
    print("connected", flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(over.set)), daemon=True).start()
    await over.wait()
    print(json.dumps(summary(viewers)))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def summary(viewers: list[Viewer]) -> dict[str, float]:
    return {
        "messages": sum(one.messages for one in viewers),
        "fewest": min(one.messages for one in viewers),
        "megabytes": round(sum(one.bytes for one in viewers) / 1e6, 3),
        "lost": sum(one.lost for one in viewers),
    }


if __name__ == "__main__":
    asyncio.run(main(f"{sys.argv[1]}/jobs/{sys.argv[2]}", int(sys.argv[3])))
