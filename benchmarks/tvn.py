"""How fast Tiny Video Networks are beside the residual networks that people use on video, and our ops beside Conv3d.

Every network is exported twice: as we write it, with 2-D convolutions, and with 3-D ones as is usual, with the same
weights. All files run in onnxruntime on one pinned thread, in rounds that are interleaved with a matrix product whose
speed is taken for the machine's peak. Published networks take the clips that they were published with. Times are those
of the one thread's own clock, which stands still while another process has the core; on a quiet machine that is what
passes until the answer is there. They are lower quartiles over rounds, as everywhere in the service: what is slower was
disturbed. Beside each ratio stand the lowest and the highest that a single round shows.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from jobs.timing import CLOCK, VISIT, one_thread, undisturbed

from device_agent.machine import Device
from device_agent.measure import session, visit
from latency_tables.runtime import Runtime
from search_spaces import Architecture, get_space
from search_spaces.modules import build, build_volumetric, export_onnx

FOUND = ("tvn-1", "tvn-mobile-1", "tvn-mobile-2")
BASELINES = {
    "quick": ("r2plus1d-18", "r3d-18"),
    "full": (
        *("r2plus1d-18", "r2plus1d-34", "r2plus1d-50", "r3d-18", "r3d-34", "r3d-50", "r3d-101"),
        "resnext3d-101",
    ),
}
ROUNDS = {"quick": 3, "full": 5}
FORMS: Mapping[str, Callable[[Architecture, torch.nn.Module], torch.nn.Module]] = {
    "ours": lambda _, network: network,
    "conv3d": lambda architecture, network: build_volumetric(architecture, network.state_dict()),
}
SIDE = 1536  # of the square matrices
PRODUCTS = 4  # a round
ALIKE = 1e-3  # how far outputs of both forms may be apart, as a share of the largest

Times = dict[tuple[str, str], list[float]]  # name and form to milliseconds, one a round


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="fewer baselines: the same keys in under 50 seconds")
    asked = parser.parse_args()
    report = run("quick" if asked.quick else "full")
    show(report)
    if asked.json:
        print(json.dumps(report))


def run(size: str) -> dict[str, Any]:
    networks = {name: get_space("tvn").reference(name) for name in (*FOUND, *BASELINES[size])}
    with TemporaryDirectory() as folder, one_thread():
        files = {
            (name, form): path
            for name, network in networks.items()
            for form, path in exported(name, network, Path(folder)).items()
        }
        times, peaks = measured(files, ROUNDS[size])
    gemm, peak = max(((kind, max(found)) for kind, found in peaks.items()), key=lambda found: found[1])
    rows = {name: row(network, name, times, peak) for name, network in networks.items()}
    return {
        "tvn1_vs_r2plus1d18": rows["r2plus1d-18"]["times_as_long_as_tvn1"],
        "ours_vs_conv3d": rows["tvn-1"]["conv3d_over_ours"],
        "networks": rows,
        "gemm_peak_gflops": round(peak, 1),
        "gemm": gemm,
        "rounds": ROUNDS[size],
        "device": asdict(Device.here("benchmark")),
        "runtime": asdict(Runtime.here()),
        "size": size,
    }


def exported(name: str, architecture: Architecture, folder: Path) -> dict[str, Path]:
    """A file of the network in each form; their outputs agree."""
    torch.manual_seed(0)
    network = build(architecture).eval()
    paths = {form: folder / f"{name} {form}.onnx" for form in FORMS}
    for form, path in paths.items():
        path.write_bytes(export_onnx(FORMS[form](architecture, network).eval(), architecture.input_shape))
    clip = np.random.default_rng(0).random((1, *architecture.input_shape), np.float32)
    ours, conv3d = (session(path.read_bytes(), 1).run(None, {"input": clip})[0] for path in paths.values())
    assert np.abs(ours - conv3d).max() <= ALIKE * np.abs(conv3d).max(), f"{name}: two forms, two networks"
    return paths


def measured(files: Mapping[tuple[str, str], Path], rounds: int) -> tuple[Times, dict[str, list[float]]]:
    """One visit of every file a round, in another order each time; and GFLOP/s of the products beside them."""
    rng = np.random.default_rng(0)
    times: Times = defaultdict(list)
    peaks: dict[str, list[float]] = defaultdict(list)
    products = gemm_products(rng)
    for _ in range(rounds):
        for kind, run in products.items():
            peaks[kind].append(gflops(run))
        for position in rng.permutation(len(files)):
            name, form = key = list(files)[position]
            seen = visit(files[key].read_bytes(), 1, VISIT, CLOCK)
            times[name, form].append(seen.latency_ms)
    return times, peaks


def gemm_products(rng: np.random.Generator) -> dict[str, Callable[[], object]]:
    """The product of two square float32 matrices by three libraries."""
    a, b = rng.random((2, SIDE, SIDE), np.float32)
    x, y = torch.from_numpy(a), torch.from_numpy(b)
    linear = torch.nn.Linear(SIDE, SIDE, bias=False)
    with torch.no_grad():
        linear.weight.copy_(y.T)
    opened = session(export_onnx(linear, (SIDE,), batch=SIDE), 1)
    return {
        "numpy": lambda: a @ b,
        "torch": lambda: x @ y,
        "onnxruntime": lambda: opened.run(None, {"input": a}),
    }


def gflops(run: Callable[[], object]) -> float:
    """Of the fastest of a few products."""
    return 2e-9 * SIDE**3 / min(seconds(run) for _ in range(PRODUCTS))


def seconds(run: Callable[[], object]) -> float:
    started = CLOCK()
    run()
    return (CLOCK() - started) / 1e9


def row(network: Architecture, name: str, times: Times, peak: float) -> dict[str, Any]:
    """What was found of one network. It is compared with tvn-1 in whichever form it is faster in."""
    found = {form: undisturbed(times[name, form]) for form in FORMS}
    fastest = min(found, key=lambda form: found[form])
    return {
        "input_shape": list(network.input_shape),
        "params": network.params,
        "macs": network.macs,
        **{f"{form}_ms": round(value, 3) for form, value in found.items()},
        **{f"{form}_share_of_peak": round(2e-6 * network.macs / value / peak, 3) for form, value in found.items()},
        **ratio("conv3d_over_ours", times[name, "conv3d"], times[name, "ours"]),
        **ratio("times_as_long_as_tvn1", times[name, fastest], times["tvn-1", "ours"]),
    }


def ratio(key: str, above: list[float], below: list[float]) -> dict[str, Any]:
    """Of two networks' times, and its lowest and highest value in a round."""
    each = [a / b for a, b in zip(above, below, strict=True)]
    return {
        key: round(undisturbed(above) / undisturbed(below), 3),
        f"{key}_range": [round(min(each), 3), round(max(each), 3)],
    }


def show(report: dict[str, Any]) -> None:
    print(f"{report['device']['cpu']}, onnxruntime {report['runtime']['onnxruntime']}, one thread; milliseconds a clip")
    print(f"peak: {report['gemm_peak_gflops']} GFLOP/s, a product of {SIDE}x{SIDE} matrices by {report['gemm']}\n")
    print(
        f"{'network':<15}{'frames, side':>13}{'params M':>10}{'GMACs':>8}{'ours':>9}{'Conv3d':>9}{'/ ours':>8}"
        f"{'of peak':>9}{'Conv3d':>8}{'/ tvn-1':>9}"
    )
    for name, found in report["networks"].items():
        _, frames, side, _ = found["input_shape"]
        print(
            f"{name:<15}{f'{frames} x {side}':>13}{found['params'] / 1e6:>10.1f}{found['macs'] / 1e9:>8.1f}"
            f"{found['ours_ms']:>9.1f}{found['conv3d_ms']:>9.1f}{found['conv3d_over_ours']:>8.2f}"
            f"{found['ours_share_of_peak']:>9.0%}{found['conv3d_share_of_peak']:>8.0%}"
            f"{found['times_as_long_as_tvn1']:>9.1f}"
        )
    print("\n/ tvn-1: how much longer the network takes in its faster form than tvn-1 in ours")


if __name__ == "__main__":
    main()
