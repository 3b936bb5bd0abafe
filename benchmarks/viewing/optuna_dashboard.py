"""optuna-dashboard's page of a study with as many trials, as a browser gets it.

It is no part of what this project installs: `pip install optuna-dashboard`, in an environment of its own if you like.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import optuna
from coordinating.laboratory import spec
from playwright.sync_api import Browser

from nas_service.admission import admit

from .browser import until, visit
from .pages import summary

COMMAND = "optuna-dashboard"
STARTS_S = 120

# The history of values or the front has its points; nothing says that it is still loading.
USABLE = """
(() => {
  const charts = [...document.querySelectorAll('.js-plotly-plot')].filter(one => one.offsetHeight);
  const points = charts.map(one => (one._fullLayout ? one.data : []).reduce((sum, t) => sum + (t.x || []).length, 0));
  return points.length && Math.max(...points) >= %d && !document.querySelector('[role=progressbar]');
})()
"""


def found(named: str | None) -> str | None:
    """Its command: the one that was named, the one beside this python, or the one on the path."""
    return named or shutil.which(COMMAND, path=str(Path(sys.executable).parent)) or shutil.which(COMMAND)


def measured(command: str, folder: Path, tables: Path, browser: Browser, rows: int, visits: int) -> dict[str, Any]:
    """As `pages.measured`, of a study with `rows` trials that has our space's positions and two values."""
    journal = folder / "optuna-dashboard.log"
    number = study(journal, tables, rows)
    with serving(command, journal) as url:
        context = browser.new_context()
        usable = USABLE % (rows // 2)
        first, *cached = [visit(context, f"{url}/dashboard/studies/{number}", usable) for _ in range(1 + visits)]
        context.close()
    return summary(first, cached) | {"rows": rows}


def study(journal: Path, tables: Path, rows: int) -> int:
    """Its number. A journal is what Optuna fills fastest; what is measured is how the study is shown."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(journal)))
    made = optuna.create_study(storage=storage, directions=["maximize", "minimize"], study_name="benchmark")
    made.add_trials(drawn(tables, rows))
    return storage.get_study_id_from_name("benchmark")


def drawn(tables: Path, rows: int) -> Iterator[optuna.trial.FrozenTrial]:
    """Accuracies that saturate with the cost, like those of our job."""
    choices = admit(spec("random", 1), tables).bound.choices  # type: ignore[attr-defined]
    offered = {f"p{i}": optuna.distributions.IntDistribution(0, n - 1) for i, n in enumerate(choices) if n > 1}
    rng = np.random.default_rng(0)
    for _ in range(rows):
        effort = rng.lognormal(0, 1)
        yield optuna.trial.create_trial(
            params={name: int(rng.integers(one.high + 1)) for name, one in offered.items()},
            distributions=dict(offered),
            values=[1 - float(np.exp(-effort)) * (0.5 + rng.random()), effort],
        )


@contextmanager
def serving(command: str, journal: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    arguments = [command, str(journal), "--host", "127.0.0.1", "--port", str(port), "--quiet"]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: answers(url, process), STARTS_S, f"{command} did not answer")
            yield url
        finally:
            process.terminate()


def answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"{COMMAND} ended with {process.returncode}; start it by hand to see why")
    try:
        return httpx.get(f"{url}/dashboard/").is_success
    except httpx.TransportError:
        return False
