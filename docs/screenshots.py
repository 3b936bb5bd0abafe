"""The pictures of the dashboard in these guides, made from the searches of a demo that ran before.

    make demo
    .venv/bin/python docs/screenshots.py [--home nas-data/demo] [--out docs/images/dashboard]

Needs a Chromium (`apt-get install chromium`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from nas_service.client import Client
from nas_service.demo.server import service

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))
import chromium

WIDE, NARROW, HEIGHT = 1440, 390, 1180
COLORS = 255  # are enough, and take a third of the bytes
SETTLED_MS = 3_000  # for charts and what is asked for after the page is there


@dataclass(frozen=True)
class View:
    """A page, and how it is looked at."""

    name: str
    path: str
    width: int = WIDE
    dark: bool = False
    whole: bool = True  # or what is seen at first


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path("nas-data/demo"), help="of a demo that ran to its end")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images" / "dashboard")
    asked = parser.parse_args()
    if not asked.home.exists():
        parser.error(f"there is no {asked.home}: run `make demo` first, or name the home of a demo with --home")
    if (executable := chromium.found()) is None:
        parser.error(f"there is no browser: none of {', '.join(chromium.NAMES)} is installed")
    asked.out.mkdir(parents=True, exist_ok=True)
    with service(asked.home) as url, Client(url) as client, sync_playwright() as playwright:
        browser = chromium.launched(playwright, executable)
        for view in views(client):
            take(browser, url, view, asked.out / f"{view.name}.png")
            print(f"{view.name}: {view.path}")
        browser.close()


def views(client: Client) -> Iterator[View]:
    """Every page, the main ones in the dark and on a phone too."""
    jobs = {job.strategy: job for job in client.jobs()}
    searched, others = jobs["evolution"], [job for name, job in jobs.items() if name != "evolution"]
    best = next(one for one in client.candidates(searched.id, order="reward") if one.parents)
    job, candidate = f"/jobs/{searched.id}", f"/jobs/{searched.id}/candidates/{best.id}"
    yield View("jobs", "/")
    yield View("first-look", job, whole=False)
    yield View("job", job)
    yield View("job-dark", job, dark=True)
    yield View("job-narrow", job, width=NARROW)
    yield View("candidate", candidate)
    yield View("candidate-narrow", candidate, width=NARROW)
    yield View("new-job", f"/jobs/new?clone={searched.id}")
    compared = [searched, *others[:1]]
    bests = [best, *(next(iter(client.candidates(one.id, order="reward"))) for one in others[:1])]
    named = [",".join(one.id for one in some) for some in (compared, bests)]
    yield View("compare", "/compare?jobs={}&candidates={}".format(*named))
    yield View("devices", "/devices")
    yield View("device", "/devices/local")
    yield View("cluster", "/cluster")


def take(browser: Browser, url: str, view: View, path: Path) -> None:
    scheme = "dark" if view.dark else "light"
    context = browser.new_context(viewport={"width": view.width, "height": HEIGHT}, color_scheme=scheme)
    page = context.new_page()
    page.goto(url + view.path)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=path, full_page=view.whole)
    context.close()
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLORS).save(path, optimize=True)


if __name__ == "__main__":
    main()
