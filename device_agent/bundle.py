"""Orders that are carried by hand: an archive with an order and its networks, which runs itself, and what comes back.

    python3 pi4.pyz

measures on the device, keeps a journal beside the archive, goes on with it after a crash, and ends with the file of
visits that `nas device take` makes a table of.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from . import archive
from .files import alone, write_atomically
from .journal import Journal
from .machine import Device, installed_onnxruntime
from .orders import VERSION, Order
from .rounds import ProgressCallback, Subject, measure_subjects

ORDER = "order.json"
PLAN = "plan.json"  # what the visits are to become: for who takes them, not for the device
NETWORKS = "networks.json"  # subject -> file of the archive
RESULT = "visits.json"


def write_bundle(
    file: BinaryIO,
    order: Order,
    plan: Mapping[str, Any],
    subjects: Sequence[Subject],
    progress: Callable[[int, int], object],
) -> None:
    """Write an archive with an order and the networks that it names; `plan` names the `device`, and comes back.

    `progress` hears how many networks of all are in.
    """
    names = {subject.name: f"networks/{number}.onnx" for number, subject in enumerate(subjects)}

    def files() -> Iterator[tuple[str, bytes]]:
        for name, content in ((ORDER, order.to_json()), (PLAN, plan), (NETWORKS, names)):
            yield name, json.dumps(content).encode()
        for number, subject in enumerate(subjects, start=1):
            yield names[subject.name], subject.export()
            progress(number, len(subjects))

    archive.write(file, files())


def is_bundle(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as held:
            return ORDER in held.namelist()
    except zipfile.BadZipFile:
        return False


def measure_bundle(path: Path, progress: ProgressCallback) -> Path:
    """Make the visits that are ordered, in this process; the file with them, beside the bundle.

    Raises ValueError for a file that is no bundle, or of another version, or damaged, and while another process
    measures with it.
    """
    if not is_bundle(path):
        raise ValueError(f"{path} is no bundle of orders; make one with: nas device bundle NAME --for SPEC.yaml")
    with alone(path.with_suffix(".lock"), f"run of {path.name}"):
        return _measured(path, progress)


def _measured(path: Path, progress: ProgressCallback) -> Path:
    with zipfile.ZipFile(path) as held:
        written, plan, files = (json.loads(_read(held, name)) for name in (ORDER, PLAN, NETWORKS))
        order = Order.from_json(written)
        facts = {"version": VERSION, "order": order.to_json(), **_machine(plan["device"])}
        journal = Journal(path.with_suffix(".journal"), facts)
        counts = _counts(journal)
        lacking = [(one.subject, one.visits - counts.get(one.subject, 0)) for one in order.lacking]
        measure_subjects(
            [(_subject(held, files, subject), visits) for subject, visits in lacking if visits > 0],
            _subject(held, files, order.reference),
            setting=order.setting,
            protocol=order.protocol,
            rng=np.random.default_rng(),
            sink=journal,
            progress=progress,
        )
    result = result_of(path)
    made = [[subject, visit.latency_ms, visit.runs] for subject, visit in journal.made]
    write_atomically(result, json.dumps({**facts, "plan": plan, "visits": made}))
    journal.discard()
    return result


def result_of(path: Path) -> Path:
    """The file of visits that the bundle at `path` leaves behind."""
    return path.with_name(f"{path.stem}.{RESULT}")


def _subject(held: zipfile.ZipFile, files: Mapping[str, str], name: str) -> Subject:
    return Subject(name, lambda: _read(held, files[name]))


def _read(held: zipfile.ZipFile, name: str) -> bytes:
    """A file of the bundle. Raises ValueError where it is not whole."""
    try:
        return held.read(name)
    except (KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{held.filename} is damaged, carry it here once more: {error}") from None


def _machine(name: str) -> dict[str, Any]:
    return {"device": asdict(Device.here(name)), "onnxruntime": installed_onnxruntime()}


def _counts(journal: Journal) -> dict[str, int]:
    found: dict[str, int] = {}
    for subject, _ in journal.made:
        found[subject] = found.get(subject, 0) + 1
    return found
