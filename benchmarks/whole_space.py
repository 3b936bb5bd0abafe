"""How far estimates are from measurements, on networks of the whole `mobilenetv3` space at several resolutions.

Part of `benchmarks/latency.py`. A table is profiled within a budget, as `nas device profile --budget` does it; most ops
of other networks are interpolated by it. The truth about these is taken in several processes of their own, for the
layout of memory differs between processes. All that is measured lies in a folder and is not measured again there.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from device_agent.journal import Journal
from device_agent.measure import INTERLEAVED, summary
from device_agent.rounds import Progress, measure_subjects
from device_agent.setting import USUAL, Setting
from latency_tables import Coverage, LatencyTable, cover, profile_space
from latency_tables.calibration import Calibration
from latency_tables.check import Errors
from latency_tables.drift import steadied
from latency_tables.profile import distinct_networks
from latency_tables.subjects import REFERENCE, of_network, reference_entry, to_measure
from latency_tables.survey import Plan, Survey
from latency_tables.table import load
from search_spaces import Architecture, BoundSpace, Signature, get_space
from search_spaces.ops import op_from_key

PROFILE_SEED, CHECK_SEED = 0, 1
CALIBRATION = 20
UNSEEN = 100
PROCESSES = 3
SIGNATURE = Signature("image", 3, 1000, (8, 1024))
PUBLISHED_PX = 224  # of the named references
BUDGETS_S = {32: 240.0, 96: 240.0, 160: 240.0, 224: 900.0}
FURTHER_S = 600.0  # of other resolutions

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Whole:
    """What is measured at a resolution, in which folder."""

    folder: Path
    resolution: int
    budget_s: float
    unseen: int
    setting: Setting = USUAL
    visits: int = 16  # of each network in each process

    @property
    def space(self) -> BoundSpace:
        return get_space("mobilenetv3", resolution=[self.resolution]).bind(SIGNATURE)

    @cached_property
    def networks(self) -> list[Architecture]:
        """Unseen ones, and the named references."""
        return distinct_networks(self.space, self.unseen, np.random.default_rng(CHECK_SEED)) + self.references

    @cached_property
    def references(self) -> list[Architecture]:
        """Where they are at home."""
        space = get_space("mobilenetv3")
        named = map(space.reference, space.references if self.resolution == PUBLISHED_PX else ())
        return list({network.hash: network for network in named}.values())

    @property
    def coverage(self) -> Coverage:
        """The ops of the references, as a job has them measured that names its networks, then the space's."""
        found = cover(self.space, np.random.default_rng(PROFILE_SEED))
        named = dict.fromkeys(op for network in self.references for op in network.ops)
        return replace(found, ops=(*named, *(op for op in found.ops if op not in named)))


def run(folder: Path, resolutions: list[int], setting: Setting, unseen: int = UNSEEN) -> dict[str, Any]:
    """Figures by resolution, and over all networks the share that is inside its interval."""
    wholes = [Whole(folder / str(px), px, BUDGETS_S.get(px, FURTHER_S), unseen, setting) for px in resolutions]
    each = [measured(whole) for whole in wholes]
    weights = [one["networks"]["unseen"] for one in each]
    return {
        "resolutions": each,
        "mape": max(one["mape"] for one in each),
        "within_5": min(one["within_5"] for one in each),
        "within_10": min(one["within_10"] for one in each),
        "tau": min(one["tau"] for one in each),
        "noise_floor": max(one["noise_floor"] for one in each),
        "covered": float(np.average([one["covered"] for one in each], weights=weights)),
    }


def measured(whole: Whole) -> dict[str, Any]:
    """Figures of one resolution; what its folder has is not measured again."""
    whole.folder.mkdir(parents=True, exist_ok=True)
    in_a_process(_profile, whole)
    for number in range(1, PROCESSES + 1):
        in_a_process(_truth, whole, number)
    return figures(whole)


def in_a_process(work: Callable[..., None], *arguments: object) -> None:
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{work.__name__} ended with {process.exitcode}")


def _profile(whole: Whole) -> None:
    path, seconds = whole.folder / "table.json", whole.folder / "seconds"
    if seconds.exists():
        return
    started = time.perf_counter()
    profile_space(
        whole.space,
        device="benchmark",
        setting=whole.setting,
        path=path,
        rng=np.random.default_rng(PROFILE_SEED),
        progress=follow(f"{whole.resolution} px, table"),
        networks=CALIBRATION,
        coverage=whole.coverage,
        budget_s=whole.budget_s,
    )
    seconds.write_text(str(time.perf_counter() - started))


def _truth(whole: Whole, number: int) -> None:
    protocol = replace(INTERLEAVED, visits=whole.visits)
    journal = _journal(whole, number)
    lacking = Survey(Plan((), tuple(whole.networks)), protocol).lacking(journal.made)
    measure_subjects(
        *to_measure(lacking, whole.setting.precision),
        setting=whole.setting,
        protocol=protocol,
        rng=np.random.default_rng(number),
        sink=journal,
        progress=follow(f"{whole.resolution} px, truth {number} of {PROCESSES}"),
    )


def _journal(whole: Whole, number: int) -> Journal:
    return Journal(whole.folder / f"truth-{number}.journal", {})


def follow(what: str, every_s: float = 30.0) -> Callable[[Progress], None]:
    told = [time.monotonic()]

    def progress(now: Progress) -> None:
        if time.monotonic() - told[0] > every_s:
            told[0] = time.monotonic()
            left = "" if now.seconds_left is None else f", {now.seconds_left:.0f} s left"
            print(f"{what}: {now.done} of {now.total}{left}", flush=True)

    return progress


@dataclass(frozen=True)
class Truth:
    """Milliseconds by process and network, (processes, networks), and how slow the device was then for the table."""

    latency_ms: Floats
    slowdown: Floats

    @classmethod
    def read(cls, whole: Whole, table: LatencyTable) -> Truth:
        protocol = replace(INTERLEAVED, visits=whole.visits)
        each, slowdown = [], []
        for number in range(1, PROCESSES + 1):
            visits = steadied(_journal(whole, number).made, REFERENCE.name).best
            each.append([summary(visits[of_network(a).name], protocol).latency_ms for a in whole.networks])
            slowdown.append(table.slowdown(reference_entry(summary(visits[REFERENCE.name], protocol))))
        return cls(np.array(each), np.array(slowdown))

    def noise_floor(self) -> float:
        """Mean difference between two processes, as a share, as measured."""
        pairs = combinations(self.latency_ms, 2)
        return float(np.mean([np.abs(one / other - 1).mean() for one, other in pairs]))

    @property
    def typical(self) -> Floats:
        """The middle one of the processes, (networks,)."""
        middle: Floats = np.median(self.latency_ms, axis=0)
        return middle


def figures(whole: Whole) -> dict[str, Any]:
    """Errors as shares. `covered` is the share of networks within their 90 % intervals, for the unseen ones."""
    table, networks = load(whole.folder / "table.json"), whole.networks
    truth = Truth.read(whole, table)
    estimates = [table.estimate(network) for network in networks]
    predicted = np.array([estimate.latency_ms for estimate in estimates])
    off = np.abs(predicted - truth.typical)
    unseen = slice(0, len(networks) - len(whole.references))
    named = slice(unseen.stop, None)
    by = {count: on_a_line(table, networks[unseen], count) for count in ("macs", "params")}
    plain = [sum(cost.cost_ms for op in n.ops if (cost := table.cost_of(op))) for n in networks[unseen]]
    typical = truth.typical[unseen]
    return {
        "resolution": whole.resolution,
        **asdict(Errors.between(predicted[unseen], typical)),
        "noise_floor": truth.noise_floor(),
        "covered": float(np.mean([o <= e.error_ms for o, e in zip(off[unseen], estimates[unseen], strict=True)])),
        "references": asdict(Errors.between(predicted[named], truth.typical[named])) if whole.references else None,
        "unknown": sum(bool(estimate.missing) for estimate in estimates),
        "plain_sum": asdict(Errors.between(np.array(plain), typical)),
        "linear_macs": asdict(Errors.between(by["macs"], typical)),
        "linear_params": asdict(Errors.between(by["params"], typical)),
        "slowdown": truth.slowdown.tolist(),
        "drift": table.drift,
        "ops": len(table.entries),
        "ops_measured": float(np.mean([op.key in table.entries for n in networks[unseen] for op in n.ops])),
        "networks": {"calibration": len(table.networks), "unseen": unseen.stop, "references": len(whole.references)},
        "latency_ms_range": [float(typical.min()), float(typical.max())],
        "budget_s": whole.budget_s,
        "profile_seconds": round(float((whole.folder / "seconds").read_text()), 1),
        "device": asdict(table.device),
        "runtime": asdict(table.runtime),
    }


def on_a_line(table: LatencyTable, networks: list[Architecture], count: str) -> Floats:
    """What a line on one count says, fitted on the table's own calibration networks, (networks,)."""
    known = [sum(getattr(op_from_key(key), count) for key in network.ops) for network in table.networks]
    line = Calibration.fit(known, [network.latency_ms for network in table.networks])
    return np.array([line.latency_ms(getattr(network, count)) for network in networks])


def show(report: dict[str, Any]) -> None:
    """A table of the resolutions of a report."""
    print(f"{'':<26}{'MAPE':>8}{'in 5 %':>8}{'in 10 %':>8}{'tau':>7}{'inside':>8}{'floor':>8}{'ops':>6}{'minutes':>9}")
    for one in report["resolutions"]:
        _line(f"{one['resolution']} px", one, one)
        if one["references"]:
            _line("  named references", one["references"])
        for name in ("plain_sum", "linear_macs", "linear_params"):
            _line(f"  {name.replace('_', ' ')}", one[name])
    print(
        "\npublished, mobile CPUs: nn-Meter 99.0 % within 10 %; LitePred with onnxruntime 90.5 % in 5 %, 98.9 % in 10 %"
    )


def _line(name: str, errors: dict[str, Any], whole: dict[str, Any] | None = None) -> None:
    line = f"{name:<26}{errors['mape']:>8.2%}{errors['within_5']:>8.0%}{errors['within_10']:>8.0%}{errors['tau']:>7.3f}"
    if whole:
        line += f"{whole['covered']:>8.0%}{whole['noise_floor']:>8.2%}{whole['ops']:>6}"
        line += f"{whole['profile_seconds'] / 60:>9.1f}"
    print(line)
