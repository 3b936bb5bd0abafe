"""The page of a job with many candidates, as a browser gets it: the first time, and with scripts in its cache."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from shutil import copytree
from statistics import median
from typing import Any

from coordinating.growth import SPARE, YOUNG, reach
from coordinating.laboratory import Laboratory, spec
from coordinating.load import serving
from coordinating.million import JOB, filled
from playwright.sync_api import Browser

from nas_service.settings import Settings

from .browser import Visit, visit

DRAWN = 500  # points of the scatter at the least; the page thins out more candidates than it can draw

# Every chart in the window has drawn, one of them the scatter; tables have rows; nothing says that it is still loading.
# Charts further down are drawn after these.
USABLE = """
(() => {
  const seen = what => [...document.querySelectorAll(what)].filter(one => one.offsetHeight);
  const inWindow = one => one.getBoundingClientRect().top < innerHeight;
  const points = seen('.nicegui-echart').filter(inWindow).map(one =>
    getElement(Number(one.id.slice(1))).chart.getModel().getSeries()
      .reduce((sum, series) => sum + series.getData().count(), 0));
  const rows = seen('.q-table tbody td, .ag-center-cols-container .ag-cell').length;
  const loading = seen('[aria-busy=true], .q-inner-loading, .q-skeleton').length;
  return points.length && Math.min(...points) > 0 && Math.max(...points) >= DRAWN && rows && !loading;
})()
""".replace("DRAWN", str(DRAWN))


def measured(home: Path, tables: Path, browser: Browser, rows: int, visits: int) -> dict[str, Any]:
    """The page of a running job with `rows` candidates. `home` gets the database.

    `first` is a visit with nothing in the cache, of a service that has just started; then come `visits` with what it
    left there: their median of seconds, the most of megabytes.
    """
    job = prepared(home, tables, rows)
    with serving(home, "--page", "--idle") as served:
        context = browser.new_context()
        first, *cached = [visit(context, f"{served.url}/jobs/{job}", USABLE) for _ in range(1 + visits)]
        context.close()
    return summary(first, cached) | {"rows": rows}


def prepared(home: Path, tables: Path, rows: int) -> str:
    """A database of its own with a running job that has so many evaluated candidates."""
    copytree(tables, home / "tables")
    settings = Settings(home=home)
    laboratory = Laboratory(settings.database, tables)
    laboratory.submit(spec("random", rows + SPARE), JOB)
    reach(laboratory, min(YOUNG, rows // 2))
    done = laboratory.job().completed
    laboratory.close()
    filled(settings.database, rows - done)
    return JOB


def summary(first: Visit, cached: list[Visit]) -> dict[str, Any]:
    seconds = [one.seconds for one in cached]
    return {
        "first": asdict(first),
        "cached": {
            "megabytes": max(one.megabytes for one in cached),
            "seconds": round(median(seconds), 3),
            "requests": max(one.requests for one in cached),
        },
        "cached_s": seconds,
    }
