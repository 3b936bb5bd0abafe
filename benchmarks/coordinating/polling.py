"""Readers that poll jobs by conditional GETs, in a process of its own: `python polling.py URL READERS EVERY_S JOB...`.

It polls until its standard input ends, and then prints how many answers had which status, and the slowest in ms. Each
poll is a connection of its own, as after a pause that is longer than servers keep them, over bare sockets: a client
library would take more of this machine than the service does, and readers are elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections import Counter
from urllib.parse import urlsplit


async def get(url: str, path: str, tag: str) -> tuple[str, str]:
    """Status and ETag of an answer, which is read to its end."""
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    known = f"If-None-Match: {tag}\r\n" if tag else ""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\n{known}Connection: close\r\n\r\n".encode())
    head, *lines = (await reader.read()).decode().partition("\r\n\r\n")[0].split("\r\n")
    writer.close()
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return head.split()[1], headers.get("etag", "")


async def main(url: str, readers: int, every_s: float, job_ids: list[str]) -> None:
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    statuses: Counter[str] = Counter()
    slowest_ms = 0.0

    async def read(number: int) -> None:
        nonlocal slowest_ms
        tag = ""
        await asyncio.sleep(every_s * number / readers)
        while not over.is_set():
            start = time.perf_counter()
            status, found = await get(url, f"/api/v1/jobs/{job_ids[number % len(job_ids)]}", tag)
            slowest_ms = max(slowest_ms, (time.perf_counter() - start) * 1000)
            if tag:  # the first answer is none that a reader could have had
                statuses[status] += 1
            tag = found or tag
            await asyncio.sleep(every_s)

    running = [asyncio.create_task(read(number)) for number in range(readers)]
    while not over.is_set():
        await asyncio.sleep(0.05)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    print(json.dumps({"statuses": dict(statuses), "slowest_ms": round(slowest_ms, 1)}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]))
