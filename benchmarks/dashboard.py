"""What the page of a job weighs, when it can be used, and what its viewers cost a search, beside optuna-dashboard.

A real Chromium opens the page of a running job with 10,000 and with 200,000 evaluated candidates, which the store's own
functions put into a real database: first with an empty cache, then with the scripts in it. Bytes are those of the
network, headers included, with the messages of the WebSocket as they are before compression. A page is usable when
every chart in the window has drawn its points, its table has rows, and nothing says that it is loading (charts further
down are drawn next, before anybody has scrolled to them); seconds count from the beginning of the navigation to the
frame after that, on one machine with the service.

- `job_page_mb`, `job_page_s`: 10,000 candidates, scripts cached: the most of several visits, and their median
- `job_page_200k_mb`, `job_page_200k_s`: the same for 200,000
- `search_slowdown`: what 50 viewers cost a search at full speed, whose trials take no time: the hardest case, for pages
  and coordinator share one process; `search_slowdown_1s_trials` with trials of one second. Two viewers are tabs of that
  Chromium, which gives way to everything else; the others are clients that open the page and its WebSocket and answer
  as a browser does, but do not draw: viewers are elsewhere. Searches with and without are measured in turn and added
  up, as in `benchmarks/coordinator.py`; the service's processor time a trial stands beside, which no other work on the
  machine changes
- `optuna_dashboard`: a study of 10,000 trials with as many parameters, by `pip install optuna-dashboard`, found on the
  path, beside this python or by `--peer COMMAND`; None where it is not installed

    python benchmarks/dashboard.py [--json] [--quick] [--peer COMMAND]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from coordinating.laboratory import made_up_table
from viewing import browser, optuna_dashboard, pages, slowdown

from device_agent.machine import Device

BARS = {  # key -> at most
    "job_page_mb": 1.0,
    "job_page_s": 1.0,
    "job_page_200k_mb": 1.0,
    "job_page_200k_s": 1.0,
    "search_slowdown": 0.05,
    "search_slowdown_1s_trials": 0.05,
}


@dataclass(frozen=True)
class Size:
    rows: int
    many: int
    visits: int
    viewers: int
    tabs: int
    pairs: int
    trials: int
    lasting_pairs: int
    lasting_trials: int
    lasting_s: float


SIZES = {
    "quick": Size(1_000, 2_000, 1, 6, 1, 1, 4_000, 1, 256, 0.2),
    "full": Size(10_000, 200_000, 5, 50, 2, 4, 60_000, 2, 1_280, 1.0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="less of everything: the same keys in under 50 seconds")
    parser.add_argument("--peer", metavar="COMMAND", help="optuna-dashboard, where it is not found by itself")
    asked = parser.parse_args()
    report = run("quick" if asked.quick else "full", optuna_dashboard.found(asked.peer))
    show(report)
    if asked.json:
        print(json.dumps(report))


def run(name: str, peer: str | None) -> dict[str, Any]:
    size = SIZES[name]
    with TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as place, browser.browsing() as chromium:
        folder = Path(place)
        tables = made_up_table(folder / "tables")
        ours = pages.measured(folder / "some", tables, chromium, size.rows, size.visits)
        many = pages.measured(folder / "many", tables, chromium, size.many, size.visits)
        print("pages measured; optuna-dashboard follows", flush=True)
        theirs = peer and optuna_dashboard.measured(peer, folder, tables, chromium, size.rows, size.visits)
        print("optuna-dashboard measured; viewers come" if peer else "no optuna-dashboard; viewers come", flush=True)
        viewed = slowdown.measured(folder, chromium, size.pairs, size.trials, size.viewers, size.tabs)
        lasting = slowdown.measured(
            folder, chromium, size.lasting_pairs, size.lasting_trials, size.viewers, size.tabs, size.lasting_s
        )
    return {
        "job_page_mb": ours["cached"]["megabytes"],
        "job_page_s": ours["cached"]["seconds"],
        "job_page_200k_mb": many["cached"]["megabytes"],
        "job_page_200k_s": many["cached"]["seconds"],
        "search_slowdown": viewed["slowed_by"],
        "search_slowdown_1s_trials": lasting["slowed_by"],
        "job_page": ours,
        "job_page_200k": many,
        "optuna_dashboard": theirs,
        "viewers": viewed,
        "viewers_1s_trials": lasting,
        "size": name,
        "machine": asdict(Device.here("here")),
    }


def show(report: dict[str, Any]) -> None:
    print(f"\n{'':34}{'first visit':>24}{'scripts cached':>26}")
    for key in ("job_page", "job_page_200k", "optuna_dashboard"):
        if found := report[key]:
            name = f"{'optuna-dashboard' if key == 'optuna_dashboard' else 'our page'}, {found['rows']:,} trials"
            print(f"{name:34}{_visit(found['first'])}{_visit(found['cached'])}")
    if report["optuna_dashboard"] is None:
        print("optuna-dashboard is not installed: pip install optuna-dashboard, or name its command with --peer")
    else:
        theirs, ours = report["optuna_dashboard"]["cached"], report["job_page"]["cached"]
        print(
            f"optuna-dashboard to ours, scripts cached: {theirs['megabytes'] / ours['megabytes']:.1f} times the bytes, "
            f"{theirs['seconds'] / ours['seconds']:.1f} times the seconds"
        )
    print(f"\n{'':34}{'here':>10}{'bar':>12}")
    for key, bar in BARS.items():
        print(f"{key:34}{report[key]:>10.4g}{f'<= {bar:g}':>12}")
    for key in ("viewers", "viewers_1s_trials"):
        _show_viewers(report[key])


def _show_viewers(found: dict[str, Any]) -> None:
    rates, cpu = found["trials_per_second"], found["cpu_ms"]
    print(
        f"\n{found['viewers']} viewers ({found['tabs']} of them tabs) of a search, trials of {found['trial_s']:g} s: "
        f"{rates['with_viewers']:,} trials a second, alone {rates['alone']:,};\n"
        f"processor time of the service a trial {cpu['with_viewers']} ms, alone {cpu['alone']} ms "
        f"({found['more_cpu']:+.1%}); {found['messages']} messages,\n{found['megabytes']} MB before compression, "
        f"at least {found['fewest_messages']} to each; {found['lost']} connections lost"
    )


def _visit(found: dict[str, float]) -> str:
    return f"{found['megabytes']:>12.3f} MB{found['seconds']:>7.2f} s"


if __name__ == "__main__":
    main()
