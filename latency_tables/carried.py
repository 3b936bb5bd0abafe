"""Measuring by a file that is carried to the device, and the file that comes back: for devices without a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from device_agent.bundle import write_bundle
from device_agent.machine import Device
from device_agent.measure import Visit
from device_agent.orders import VERSION, Order, Wanted
from device_agent.setting import Setting
from search_spaces.export_format import exporter

from .profile import extendable
from .runtime import Runtime
from .subjects import REFERENCE, to_measure
from .survey import Plan, Survey
from .table import LatencyTable, TableError, checked, table_path

OFFLINE = "offline"  # the campaign of an order that no service gave


def bundle(
    file: BinaryIO, survey: Survey, device: str, setting: Setting, *, fresh: bool, progress: Callable[[int, int], None]
) -> None:
    """Write the archive that measures on the device. `progress` hears how many networks of all are in. Needs torch."""
    lacking, reference = to_measure(survey.lacking(()), setting.precision)
    wanted = tuple(Wanted(subject.name, visits) for subject, visits in lacking)
    order = Order(OFFLINE, 0, setting, survey.protocol, REFERENCE.name, wanted)
    plan = {"device": device, "exporter": exporter(setting.precision), "fresh": fresh, **survey.plan.to_json()}
    write_bundle(file, order, plan, [reference, *(subject for subject, _ in lacking)], progress)


def taken(written: bytes, folder: Path) -> LatencyTable:
    """The table that the visits in a file make, which adds to that of the folder, if there is one. It is not saved.

    Raises TableError for a file that is damaged or of another version, and where the visits do not fit.
    """
    said = _parsed(written)
    try:
        return checked(_table(said, folder), "that these visits make")
    except TableError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise TableError(f"this is no file of visits that an agent wrote: {error}") from None


def _table(said: Mapping[str, Any], folder: Path) -> LatencyTable:
    order, plan = Order.from_json(said["order"]), said["plan"]
    survey = Survey(Plan.from_json(plan), order.protocol)
    device = Device(**said["device"] | {"flags": tuple(said["device"]["flags"])})
    made = [(str(subject), Visit(float(latency_ms), int(runs))) for subject, latency_ms, runs in said["visits"]]
    runtime = Runtime.of(said["onnxruntime"], order.setting, device.cores, plan["exporter"])
    _refuse_impossible(survey, made)
    path = table_path(folder, device.name, order.setting)
    before = None if plan["fresh"] or not path.exists() else extendable(path, device, runtime)
    return survey.table(made, device, runtime, before)


def _refuse_impossible(survey: Survey, made: list[tuple[str, Visit]]) -> None:
    counts = dict.fromkeys((subject.name for subject in (*survey.plan.subjects, REFERENCE)), 0)
    for subject, visit in made:
        if subject not in counts:
            raise TableError(f"nobody asked for {subject!r}")
        if visit.flaw:
            raise TableError(f"{visit.flaw} of {subject!r} cannot be")
        counts[subject] += 1
    visits = max(1, survey.protocol.visits)
    wanted = {subject.name: visits for subject in survey.plan.subjects} | {REFERENCE.name: 1}
    short = [subject for subject, least in wanted.items() if counts[subject] < least]
    if short:
        raise TableError(
            f"{len(short)} subject(s) lack visits, such as {short[0]!r}; run the bundle again on the device"
        )


def _parsed(written: bytes) -> dict[str, Any]:
    try:
        said = json.loads(written)
    except (ValueError, RecursionError):
        raise TableError("this is no file of visits that an agent wrote: it is no JSON") from None
    if not isinstance(said, dict) or said.get("version") != VERSION:
        found = said.get("version") if isinstance(said, dict) else None
        raise TableError(
            f"visits of version {found!r} cannot be taken, only of version {VERSION}; make the bundle anew"
        )
    return said
