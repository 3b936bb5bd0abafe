"""Profiling: measure on this machine what a search space's ops cost, and keep it in the device's table."""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from pathlib import Path

from numpy.random import Generator

from device_agent.files import alone
from device_agent.journal import Journal
from device_agent.machine import Device
from device_agent.measure import INTERLEAVED, Protocol
from device_agent.rounds import ProgressCallback, measure_subjects
from device_agent.setting import USUAL, Setting
from search_spaces import Architecture, BoundSpace

from .calibration import FEWEST_NETWORKS
from .coverage import Coverage, cover
from .forecast import AnnounceCallback, Forecast
from .runtime import Runtime
from .subjects import to_measure
from .survey import Plan, Survey
from .table import LatencyTable, TableError, load

CALIBRATION_NETWORKS = 12
_TRIES_PER_NETWORK = 20


def profile_space(
    space: BoundSpace,
    *,
    device: str,
    setting: Setting = USUAL,
    path: Path,
    rng: Generator,
    progress: ProgressCallback,
    announce: AnnounceCallback | None = None,
    networks: int = CALIBRATION_NETWORKS,
    protocol: Protocol = INTERLEAVED,
    coverage: Coverage | None = None,
    budget_s: float | None = None,
    fresh: bool = False,
) -> LatencyTable:
    """Measure the ops that `space` can meet and that the table at `path` lacks, and whole networks to calibrate on.

    What does not fit into about `budget_s` seconds is left out, the ops first that matter least; the table
    interpolates them, and what is in doubt then is flagged and not measured again. A second call goes on with these.

    The table is extended, or begun where there is none or `fresh` is set. Visits are journalled beside it: a call that
    was killed, made again with the same generator state, goes on with what it had. Raises TableError where the table
    at `path` cannot be extended here (it is damaged, or of another runtime or machine), for a space that is too small
    to calibrate on, and for a budget that is too short for anything, and Taken while another process profiles into the
    same table. Before it begins to measure, `announce` hears how much there is to do.
    """
    with alone(path.with_suffix(".lock"), f"profile of {path.name}"):
        here = Device.here(device), Runtime.here(setting)
        table = None if fresh or not path.exists() else extendable(path, *here)
        plan = plan_for(space, coverage or cover(space, rng), rng, table, networks)
        if table is not None and not (plan.ops or plan.networks):
            return table
        survey, journal = Survey(plan, protocol), Journal(path.with_suffix(".journal"), _facts(*here, protocol))
        if announce is not None or budget_s is not None:
            lacking, _ = to_measure(survey.lacking(journal.made), setting.precision)
            begun = {subject for subject, _ in journal.made}
            forecast = Forecast.of(plan, lacking, setting=setting, protocol=protocol, budget_s=budget_s, begun=begun)
            survey = Survey(forecast.plan, protocol)
            if announce is not None:
                announce(forecast)
        end = math.inf if budget_s is None else time.monotonic() + budget_s
        while lacking := survey.lacking(journal.made, again=time.monotonic() < end):
            subjects = to_measure(lacking, setting.precision)
            measure_subjects(*subjects, setting=setting, protocol=protocol, rng=rng, sink=journal, progress=progress)
        table = survey.table(journal.made, *here, table)
        table.save(path)
        journal.discard()
        return table


def plan_for(
    space: BoundSpace,
    coverage: Coverage,
    rng: Generator,
    table: LatencyTable | None,
    networks: int = CALIBRATION_NETWORKS,
) -> Plan:
    """What `table` lacks of these ops of the space, and so many networks to calibrate on. Raises TableError."""
    return Plan.of(coverage, _calibration_networks(space, networks, rng), table)


def distinct_networks(
    space: BoundSpace, count: int, rng: Generator, *, without: frozenset[str] = frozenset()
) -> list[Architecture]:
    """Up to `count` sampled architectures that differ from each other and from the hashes in `without`."""
    found: dict[str, Architecture] = {}
    for _ in range(_TRIES_PER_NETWORK * count):
        architecture = space.architecture(space.sample(rng))
        if architecture.hash not in without:
            found.setdefault(architecture.hash, architecture)
        if len(found) == count:
            break
    return list(found.values())


def _calibration_networks(space: BoundSpace, count: int, rng: Generator) -> list[Architecture]:
    sampled = distinct_networks(space, count, rng)
    if len(sampled) < FEWEST_NETWORKS:
        raise TableError(
            f"only {len(sampled)} different networks were sampled from this space, and a calibration needs "
            f"{FEWEST_NETWORKS}: give the space more options"
        )
    return sampled


def _facts(device: Device, runtime: Runtime, protocol: Protocol) -> dict[str, dict[str, object]]:
    """What visits of an earlier process must have in common with those of this one to count beside them."""
    return {"device": asdict(device), "runtime": asdict(runtime), "protocol": asdict(protocol)}


def extendable(path: Path, device: Device, runtime: Runtime) -> LatencyTable:
    """The table at `path`. Raises TableError where that device with that runtime cannot add to it."""
    table = load(path)
    if problem := table.of_another(device.cpu) or table.differs(runtime):
        raise TableError(f"{problem}; measure everything anew (--fresh), or take another device name")
    return table
