"""The pictures of the dashboard in these guides, made from the searches of a demo that ran before.

    make demo
    .venv/bin/python docs/screenshots.py [--home nas-data/demo] [--out docs/images/dashboard] [NAME ...]

With names, such as `job-dark`, those pictures alone. Of kinds of networks that the demo does not search for, it makes
two short searches beside those of the demo (about two minutes). Needs a Chromium (`apt-get install chromium`).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from nas_service.api.views import CandidateView, JobSummary
from nas_service.client import Client
from nas_service.demo.server import service

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))
import chromium

WIDE, NARROW, HEIGHT, LOW = 1440, 390, 1180, 560
COLORS = 255  # are enough, and take a third of the bytes
SETTLED_MS = 3_000  # for charts and what is asked for after the page is there
POLE: dict[str, Any] = {
    "name": "a pole swings up",
    "space": {"name": "wann"},
    "task": {"name": "cartpole-swingup"},
    "objective": {"reward": "metric", "cost": "params"},
    "strategy": {"name": "wann", "population": 96},
    "budget": {"trials": 6000},
}
CLIPS: dict[str, Any] = {
    "name": "which way digits go",
    "space": {
        "name": "tvn",
        "options": {
            "resolution": [16, 24],
            "frames": [2, 4],
            "frame_rate": [6.25, 12.5],
            "blocks": [2, 3],
            "repeats": [1],
            "spatial_kernel": [3, 5],
            "spatial_stride": [2],
            "temporal_kernel": [3],
            "temporal_stride": [1],
            "filters": [8, 16],
            "expansion": [1, 2],
            "inverted": [False],
            "non_local": [False],
            "se": [0],
            "activation": ["relu"],
        },
    },
    "task": {"name": "moving-digits", "epochs": 3},
    "objective": {"reward": "metric", "cost": "macs"},
    "strategy": {"name": "evolution", "population": 4, "sample": 2},
    "budget": {"trials": 16},
    "workers": {"parallel": 2},
}


@dataclass(frozen=True)
class View:
    """A page, and how it is looked at."""

    name: str
    path: str
    width: int = WIDE
    dark: bool = False
    whole: bool = True  # or what is seen at first
    height: int = HEIGHT


LOG_IN = (View("log-in", "/", height=LOW), View("log-in-dark", "/", width=NARROW, height=LOW, dark=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path("nas-data/demo"), help="of a demo that ran to its end")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images" / "dashboard")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of pictures; all of them where none is named")
    asked = parser.parse_args()
    if not asked.home.exists():
        parser.error(f"there is no {asked.home}: run `make demo` first, or name the home of a demo with --home")
    if (executable := chromium.found()) is None:
        parser.error(f"there is no browser: none of {', '.join(chromium.NAMES)} is installed")
    asked.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = chromium.launched(playwright, executable)
        with service(asked.home) as url, Client(url) as client:
            make(browser, url, views(client, *(searched(client, spec) for spec in (POLE, CLIPS))), asked)
        with TemporaryDirectory() as home, keyed(Path(home)) as url:
            make(browser, url, LOG_IN, asked)
        browser.close()


def make(browser: Browser, url: str, views: Iterable[View], asked: argparse.Namespace) -> None:
    """Those of these pictures that are asked for."""
    for view in views:
        if not asked.names or view.name in asked.names:
            take(browser, url, view, asked.out / f"{view.name}.png")
            print(f"{view.name}: {view.path}")


def searched(client: Client, spec: dict[str, Any]) -> JobSummary:
    """The search of that name when it has ended; one is made where there is none."""
    found = [job for job in client.jobs() if job.name == spec["name"] and job.final]
    return found[0] if found else client.wait(client.submit(spec).id)


@contextmanager
def keyed(home: Path) -> Iterator[str]:
    """The URL of a service that asks for a key."""
    command = [sys.executable, "-m", "nas_service", "key", "create", "--owner", "ann", "--scope", "admin"]
    subprocess.run(  # noqa: S603 - our own command
        command, env=os.environ | {"NAS_HOME": str(home)}, check=True, capture_output=True
    )
    with service(home, "--inline", "1") as url:
        yield url


def views(client: Client, pole: JobSummary, clips: JobSummary) -> Iterator[View]:
    """Every page, the main ones in the dark and on a phone too."""
    demo = [job for job in client.jobs() if job.space == "mobilenetv3"]
    shown = next(job for job in demo if job.strategy == "evolution")
    others = [job for job in demo if job.strategy != "evolution"]
    best = best_of(client, shown)
    job, candidate = f"/jobs/{shown.id}", candidate_path(best)
    yield View("jobs", "/")
    yield View("first-look", job, whole=False)
    yield View("job", job)
    yield View("job-dark", job, dark=True)
    yield View("job-narrow", job, width=NARROW)
    yield View("candidate", candidate)
    yield View("candidate-narrow", candidate, width=NARROW)
    for name, other in (("weight-agnostic", pole), ("video", clips)):
        path = candidate_path(best_of(client, other))
        yield View(f"candidate-{name}", path)
        yield View(f"candidate-{name}-narrow", path, width=NARROW, dark=True, whole=False)
    yield View("new-job", f"/jobs/new?clone={shown.id}")
    compared = [shown, *others[:1]]
    bests = [best.id, *(next(iter(client.candidates(one.id, order="reward"))).id for one in others[:1])]
    yield View("compare", f"/compare?jobs={','.join(one.id for one in compared)}&candidates={','.join(bests)}")
    yield View("devices", "/devices")
    yield View("device", "/devices/local")
    yield View("cluster", "/cluster")


def best_of(client: Client, job: JobSummary) -> CandidateView:
    """The best network that was made of others."""
    return next(one for one in client.candidates(job.id, order="reward") if one.parents)


def candidate_path(candidate: CandidateView) -> str:
    return f"/jobs/{candidate.job_id}/candidates/{candidate.id}"


def take(browser: Browser, url: str, view: View, path: Path) -> None:
    scheme = "dark" if view.dark else "light"
    context = browser.new_context(viewport={"width": view.width, "height": view.height}, color_scheme=scheme)
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
