"""Milliseconds of whole networks on one pinned thread: of all that are compared, in rounds that are interleaved.

Times are those of the one thread's own clock, which stands still while another process has the core; on a quiet
machine that is what passes until the answer is there. They are lower quartiles over rounds, as everywhere in the
service: what is slower was disturbed.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from device_agent.measure import Protocol, pinned, visit
from search_spaces import Architecture
from search_spaces.modules import build, export_onnx

VISIT = Protocol(visits=1, dropped=1, shortest=1, longest=15, visit_ms=300.0)
CLOCK = time.thread_time_ns


@contextmanager
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pinned(1), threadpool_limits(1):
        yield
    torch.set_num_threads(before)


def undisturbed(times: Sequence[float]) -> float:
    return float(np.quantile(times, VISIT.quantile))


def measured(networks: Mapping[str, Architecture], rounds: int) -> dict[str, float]:
    """Milliseconds of one inference in onnxruntime, by the keys of `networks`; every round has another order."""
    rng, times = np.random.default_rng(0), defaultdict(list)
    files = {key: _fresh_file(network) for key, network in networks.items()}
    with one_thread():
        for key in (key for _ in range(rounds) for key in rng.permutation(list(files))):
            times[key].append(visit(files[key], 1, VISIT, CLOCK).latency_ms)
    return {key: undisturbed(values) for key, values in times.items()}


def _fresh_file(network: Architecture) -> bytes:
    torch.manual_seed(0)
    return export_onnx(build(network).eval(), network.input_shape)
