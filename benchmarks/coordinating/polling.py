"""Readers that poll jobs by conditional GETs, in a process of its own: `python polling.py URL READERS EVERY_S JOB...`.

It polls until its standard input ends, and then prints how many answers had which status, and the slowest in ms.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections import Counter

import httpx


async def main(url: str, readers: int, every_s: float, job_ids: list[str]) -> None:
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    statuses: Counter[str] = Counter()
    slowest_ms = 0.0

    async def read(http: httpx.AsyncClient, number: int) -> None:
        nonlocal slowest_ms
        tag = ""
        await asyncio.sleep(every_s * number / readers)
        while not over.is_set():
            start = time.perf_counter()
            answer = await http.get(f"/api/v1/jobs/{job_ids[number % len(job_ids)]}", headers={"If-None-Match": tag})
            slowest_ms = max(slowest_ms, (time.perf_counter() - start) * 1000)
            if tag:  # the first answer is none that a reader could have had
                statuses[str(answer.status_code)] += 1
            tag = answer.headers.get("ETag", tag)
            await asyncio.sleep(every_s)

    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        running = [asyncio.create_task(read(http, number)) for number in range(readers)]
        while not over.is_set():
            await asyncio.sleep(0.05)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    print(json.dumps({"statuses": dict(statuses), "slowest_ms": round(slowest_ms, 1)}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]))
