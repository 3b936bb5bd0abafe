"""What a trial leaves behind and how often it is written: rows, bytes and transactions, on SQLite and on PostgreSQL.

Searches of instant trials through the real coordinator, with learning curves of one epoch and of ten, 32 under way.
docs/scaling.md reckons with these numbers. Keys: `bytes_a_trial`, `rows_a_trial` by table, `writes_a_trial` and
`reads_a_trial` (transactions), each by database and number of epochs.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from coordinating.laboratory import SPACE, Laboratory, postgres
from sqlalchemy import func, select, text

from nas_service.store import Store
from nas_service.store.schema import metadata
from workers.dispatchers import InlineDispatcher

TRIALS = {"quick": 200, "full": 4000}
EPOCHS = (1, 10)
PARALLEL = 32
TABLES = ("candidates", "proposals", "requests", "trials", "epochs", "events")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="fewer trials, the same keys")
    asked = parser.parse_args()
    report = run(TRIALS["quick" if asked.quick else "full"])
    show(report)
    if asked.json:
        print(json.dumps(report))


def run(trials: int) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {}
    with TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as name, postgres() as fresh:
        for epochs in EPOCHS:
            found[f"sqlite, {epochs} epochs"] = left_by(f"sqlite:///{name}/{epochs}.sqlite", trials, epochs)
            if fresh is not None:
                found[f"postgresql, {epochs} epochs"] = left_by(fresh(), trials, epochs)
    keys = next(iter(found.values()))
    return {key: {name: row[key] for name, row in found.items()} for key in keys} | {
        "trials": trials,
        "parallel": PARALLEL,
    }


def left_by(url: str, trials: int, epochs: int) -> dict[str, Any]:
    laboratory = Laboratory(url, Path(), InlineDispatcher(4))
    store = laboratory.store
    empty = size(store)
    laboratory.submit(spec(trials, epochs))
    before = {kind: transactions(store, kind) for kind in ("write", "read")}
    laboratory.finish()
    after = {kind: transactions(store, kind) for kind in ("write", "read")}
    with store.read() as conn:
        rows = {name: conn.execute(select(func.count()).select_from(metadata.tables[name])).scalar() for name in TABLES}
    grown = size(store) - empty
    laboratory.close()
    return {
        "bytes_a_trial": round(grown / trials),
        "rows_a_trial": {name: round(count / trials, 2) for name, count in rows.items()},
        "writes_a_trial": round((after["write"] - before["write"]) / trials, 3),
        "reads_a_trial": round((after["read"] - before["read"]) / trials, 3),
    }


def spec(trials: int, epochs: int) -> dict[str, Any]:
    return {
        "space": SPACE,
        "task": {"name": "landscape", "epochs": epochs},
        "objective": {"cost": "macs", "target": 2e6},
        "strategy": {"name": "evolution"},
        "budget": {"trials": trials},
        "workers": {"parallel": PARALLEL},
    }


def size(store: Store) -> int:
    if store.sqlite:
        with store.engine.connect() as conn:
            conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return Path(str(store.engine.url.database)).stat().st_size
    with store.read() as conn:
        return int(conn.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def transactions(store: Store, kind: str) -> int:
    """How many there were since the store was opened, from its own measure."""
    samples = store.measures.transactions.labels(kind).collect()[0].samples
    return int(next(sample.value for sample in samples if sample.name.endswith("_count")))


def show(report: dict[str, Any]) -> None:
    print(f"{report['trials']} trials, {report['parallel']} under way; of each trial")
    print(f"{'':24}{'bytes':>8}{'writes':>8}{'reads':>8}  rows")
    for name, size_ in report["bytes_a_trial"].items():
        rows = ", ".join(f"{n:g} {table}" for table, n in report["rows_a_trial"][name].items())
        print(f"{name:24}{size_:>8,}{report['writes_a_trial'][name]:>8}{report['reads_a_trial'][name]:>8}  {rows}")


if __name__ == "__main__":
    main()
