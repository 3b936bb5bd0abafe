"""How far estimated latency is from measured latency, on networks that the table has not seen.

Profiles a sub-space on this machine, calibrates, and measures other networks of it, each twice: of `mobilenetv3` at
32 px, or of `tvn` (Tiny Video Networks) on clips of 4 frames of 32 px, with every kind of op that those have; with one
thread in float32, or as asked for. Beside it stand lines fitted on MACs and on parameters with the same calibration
networks, and the bar of 6 %. `whole` is the whole of `mobilenetv3` at four resolutions, see `whole_space.py`: it takes
more than an hour, and a second call with the same folder goes on where the first one ended.

    python benchmarks/latency.py [--space mobilenetv3|tvn] [--threads N] [--precision float32|int8] [--json] [--quick]
    python benchmarks/latency.py --space whole --folder FOLDER [--resolution PX ...] [--threads N]
        [--precision float32|int8] [--unseen N] [--json]
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import whole_space

from device_agent.measure import INTERLEAVED
from device_agent.setting import Setting
from latency_tables import Check, LatencyTable, check_table, cover, profile_space
from latency_tables.calibration import Calibration
from latency_tables.check import Errors
from latency_tables.profile import distinct_networks
from search_spaces import Architecture, BoundSpace, Signature, get_space

BAR = 0.06
PROFILE_SEED, CHECK_SEED = 0, 1
IMAGES: dict[str, Any] = {
    "backbone": [
        {"width": 16, "depth": 1, "stride": 1},
        {"width": 24, "depth": 2, "stride": 2},
        {"width": 40, "depth": 2, "stride": 2},
        {"width": 64, "depth": 2, "stride": 1},
    ],
    "resolution": [32],
    "ops": ["mbconv"],
    "width_factors": [1.0],
    "depth_offsets": [-1, 0],
    "skip": ["identity"],
    "activation": ["relu", "hswish"],
    "kernel": [3, 5],
    "expansion": [3, 6],
    "hidden": 256,
}
CLIPS: dict[str, Any] = {
    "resolution": [32],
    "frames": [4],
    "frame_rate": [8],
    "blocks": [3],
    "repeats": [1, 2],
    "spatial_kernel": [3],
    "spatial_stride": [2],
    "temporal": ["1d", "maxpool"],
    "temporal_kernel": [1, 3],
    "temporal_stride": [1],
    "filters": [32],
    "expansion": [2],
    "inverted": [False],
    "se": [0, 0.25],
    "activation": ["relu"],
    "most_attended": 512,
}


@dataclass(frozen=True)
class Scope:
    """The networks that a run is about: how many are calibrated on and checked, with so many visits each."""

    space: str
    options: dict[str, Any]
    signature: Signature
    calibration: int
    unseen: int
    visits: int = INTERLEAVED.visits

    @property
    def bound(self) -> BoundSpace:
        return get_space(self.space, **self.options).bind(self.signature)


IMAGE = Signature("image", 3, 10, (32, 32))
CLIP = Signature("clip", 3, 10, (32, 32), frames=(4, 4), frame_rates=(8, 8))
SCOPES = {
    ("mobilenetv3", "quick"): Scope("mobilenetv3", IMAGES, IMAGE, calibration=12, unseen=40),
    ("mobilenetv3", "full"): Scope("mobilenetv3", IMAGES, IMAGE, calibration=20, unseen=100),
    ("tvn", "quick"): Scope("tvn", CLIPS | {"blocks": [2]}, CLIP, calibration=10, unseen=15, visits=6),
    ("tvn", "full"): Scope("tvn", CLIPS, CLIP, calibration=20, unseen=80),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="fewer networks: the same keys in under 50 seconds")
    parser.add_argument("--space", choices=(*sorted({space for space, _ in SCOPES}), "whole"), default="mobilenetv3")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=("float32", "int8"), default="float32")
    parser.add_argument("--folder", type=Path, help="where measurements of the whole space are kept")
    parser.add_argument("--resolution", type=int, nargs="*", default=list(whole_space.BUDGETS_S))
    parser.add_argument("--unseen", type=int, default=whole_space.UNSEEN, help="networks of the whole space")
    asked = parser.parse_args()
    setting = Setting(asked.threads, asked.precision)
    if asked.space == "whole":
        if asked.folder is None:
            parser.error("the whole space takes long: say with --folder where to keep what was measured")
        report = whole_space.run(asked.folder, asked.resolution, setting, asked.unseen)
        whole_space.show(report)
    else:
        size = "quick" if asked.quick else "full"
        report = run(SCOPES[asked.space, size], setting) | {"size": size}
        show(report)
    if asked.json:
        print(json.dumps(report))


def run(scope: Scope, setting: Setting) -> dict[str, Any]:
    space = scope.bound
    protocol = replace(INTERLEAVED, visits=scope.visits)
    coverage = cover(space, np.random.default_rng(PROFILE_SEED))
    calibration = distinct_networks(space, scope.calibration, np.random.default_rng(PROFILE_SEED))
    started = time.perf_counter()
    with TemporaryDirectory() as folder:
        table = profile_space(
            space,
            device="benchmark",
            setting=setting,
            path=Path(folder) / "table.json",
            rng=np.random.default_rng(PROFILE_SEED),
            progress=lambda _: None,
            networks=scope.calibration,
            protocol=protocol,
            coverage=coverage,
        )
    profile_seconds = time.perf_counter() - started
    rng = np.random.default_rng(CHECK_SEED)
    checked = check_table(table, space, rng=rng, progress=lambda _: None, networks=scope.unseen, protocol=protocol)
    return figures(table, checked, calibration) | {
        "profile_seconds": round(profile_seconds, 1),
        "estimates_per_second": round(estimates_per_second(table, space)),
        "space": scope.space,
    }


def figures(table: LatencyTable, checked: Check, calibration: list[Architecture]) -> dict[str, Any]:
    return {
        **asdict(checked.errors),
        "noise_floor": checked.noise_floor,
        "slowdown": checked.slowdown,
        "at_table_speed": asdict(checked.at_table_speed),
        "covered": checked.covered,
        "bar": BAR,
        "linear_macs": asdict(linear(table, checked, calibration, "macs")),
        "linear_params": asdict(linear(table, checked, calibration, "params")),
        "ops": len(table.entries),
        "calibration_networks": len(table.networks),
        "unseen_networks": len(checked.measured_ms),
        "latency_ms_range": [min(checked.measured_ms), max(checked.measured_ms)],
        "device": asdict(table.device) | {"name": "benchmark"},
        "runtime": asdict(table.runtime),
    }


def linear(table: LatencyTable, checked: Check, calibration: list[Architecture], count: str) -> Errors:
    """A line on one count, fitted on the table's own calibration networks."""
    measured = {network.hash: network.latency_ms for network in table.networks}
    line = Calibration.fit([getattr(a, count) for a in calibration], [measured[a.hash] for a in calibration])
    predicted = [line.latency_ms(getattr(a, count)) for a in checked.architectures]
    return Errors.between(np.array(predicted), np.array(checked.measured_ms))


def estimates_per_second(table: LatencyTable, space: BoundSpace) -> float:
    rng = np.random.default_rng(CHECK_SEED)
    architectures = [space.architecture(space.sample(rng)) for _ in range(2_000)]
    started = time.perf_counter()
    for architecture in architectures:
        table.estimate(architecture)
    return len(architectures) / (time.perf_counter() - started)


def show(report: dict[str, Any]) -> None:
    low, high = report["latency_ms_range"]
    unseen = f"{report['unseen_networks']} unseen networks of {report['space']}"
    print(f"{unseen}, {low:.3f} to {high:.3f} ms, {report['ops']} ops measured,")
    print(f"{report['calibration_networks']} calibration networks, {report['profile_seconds']} s to profile")
    print(
        f"{report['device']['cpu']}, onnxruntime {report['runtime']['onnxruntime']}, "
        f"{report['runtime']['threads']} thread(s), {report['runtime']['precision']}\n"
    )
    print(f"{'estimate':<18}{'MAPE':>8}{'in 5 %':>8}{'in 10 %':>8}{'tau':>7}{'MAPE / bar':>12}")
    for name, errors in (
        ("latency table", report),
        ("at table's speed", report["at_table_speed"]),
        ("linear on MACs", report["linear_macs"]),
        ("linear on params", report["linear_params"]),
    ):
        print(
            f"{name:<18}{errors['mape']:>8.2%}{errors['within_5']:>8.0%}{errors['within_10']:>8.0%}"
            f"{errors['tau']:>7.3f}{errors['mape'] / BAR:>12.2f}"
        )
    print(f"{'bar':<18}{BAR:>8.2%}{'':>23}{1:>12.2f}")
    print(f"{'noise floor':<18}{report['noise_floor']:>8.2%}{'':>23}{report['noise_floor'] / BAR:>12.2f}")
    print(
        f"inside their 90 % error bar: {report['covered']:.0%}; {report['estimates_per_second']:,} estimates a second"
    )


if __name__ == "__main__":
    main()
