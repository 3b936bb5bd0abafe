"""Visits of pages in a real Chromium: what they transfer, and when they can be used."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, BrowserContext, sync_playwright

sys.path.append(str(Path(__file__).parents[2] / "tests" / "support"))
import chromium

LONGEST_MS = 120_000
SETTLED_MS = 1_200  # after a page is usable, for what it still fetches
LOOK_MS = 10
NICEST = 19

# Set on the page: when, in milliseconds from the beginning of the navigation, a frame was painted in which USABLE held.
WATCH = """
(() => {
  const usable = () => { try { return (%s); } catch { return false; } };
  const look = () => {
    if (usable()) requestAnimationFrame(() => setTimeout(() => { window.usableAt = performance.now(); }));
    else setTimeout(look, %d);
  };
  look();
})();
"""


@dataclass
class Traffic:
    """Bytes over the network, headers included; messages of WebSockets as they are before their compression."""

    answers: dict[str, float] = field(default_factory=dict)
    messages: int = 0
    cached: set[str] = field(default_factory=set)

    @property
    def bytes(self) -> float:
        return sum(size for name, size in self.answers.items() if name not in self.cached) + self.messages

    @property
    def requests(self) -> int:
        return len(self.answers.keys() - self.cached)

    def received(self, told: dict[str, Any]) -> None:
        if told["response"].get("fromDiskCache") or told["response"].get("fromPrefetchCache"):
            self.cached.add(told["requestId"])

    def from_memory(self, told: dict[str, Any]) -> None:
        self.cached.add(told["requestId"])

    def finished(self, told: dict[str, Any]) -> None:
        self.answers[told["requestId"]] = told["encodedDataLength"]

    def message(self, told: dict[str, Any]) -> None:
        self.messages += len(told["response"]["payloadData"].encode())


@dataclass(frozen=True)
class Visit:
    """Of one page: megabytes (10^6 bytes) over the network, and seconds from its navigation until it is usable."""

    megabytes: float
    seconds: float
    requests: int


@contextmanager
def browsing() -> Iterator[Browser]:
    """Raises FileNotFoundError where there is no browser."""
    found = chromium.found()
    if found is None:
        raise FileNotFoundError(f"a browser is needed, one of {', '.join(chromium.NAMES)}: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = chromium.launched(playwright, found)
        yield launched
        launched.close()


def visit(context: BrowserContext, url: str, usable: str) -> Visit:
    """Open the page in a new tab, with what this context has in its cache. `usable` is a JavaScript expression."""
    page = context.new_page()
    traffic = Traffic()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.responseReceived", traffic.received)
    session.on("Network.requestServedFromCache", traffic.from_memory)
    session.on("Network.loadingFinished", traffic.finished)
    session.on("Network.webSocketFrameReceived", traffic.message)
    session.on("Network.webSocketFrameSent", traffic.message)
    page.add_init_script(WATCH % (usable, LOOK_MS))
    page.goto(url, wait_until="commit", timeout=LONGEST_MS)
    milliseconds = page.wait_for_function("window.usableAt", timeout=LONGEST_MS).json_value()
    page.wait_for_timeout(SETTLED_MS)
    page.close()
    return Visit(round(traffic.bytes / 1e6, 4), round(milliseconds / 1000, 3), traffic.requests)


def give_way() -> None:
    """Let this machine's browsers run only when nothing else wants to: those of real viewers run elsewhere."""
    for process in psutil.Process().children(recursive=True):
        if any(name in process.name() for name in ("chrom", "headless")):
            process.nice(NICEST)


def until(reached: Any, longest_s: float, what: str) -> None:
    end = time.monotonic() + longest_s
    while not reached():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} within {longest_s:g} s")
        time.sleep(0.1)
