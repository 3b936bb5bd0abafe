"""A latency table summed up: what it holds, and how far its estimates were from what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from device_agent.setting import Setting
from latency_tables import TableError, load
from latency_tables.summary import Summary, errors_of, summary
from latency_tables.verdict import Beside
from nas_service.store import Campaign

from .table_views import ComparedView, ErrorsView, NetworkView, TableSummary
from .tables import BadTable, located


def of_table(folder: Path, name: str, setting: Setting, measured: Sequence[Campaign]) -> TableSummary:
    """With the finalists of campaigns on the device. Raises NotFound and BadTable."""
    try:
        found = summary(load(located(folder, name, setting)))
    except TableError as error:
        raise BadTable(str(error), "name") from None
    finalists = [pair for one in measured if _setting(one) == setting for pair in _finalists(one)]
    return TableSummary.model_validate(
        _listed(found)
        | {"calibration": _compared([(None, one) for one in found.networks]), "finalists": _compared(finalists)}
    )


def _setting(campaign: Campaign) -> Setting:
    return Setting(campaign.threads, campaign.precision, campaign.provider)


def _listed(found: Summary) -> dict[str, Any]:
    return {name: [asdict(one) for one in getattr(found, name)] for name in ("kinds", "dearest", "flagged")}


def _finalists(campaign: Campaign) -> Iterator[tuple[str | None, Beside]]:
    """At the speed that the device had when they were measured."""
    if campaign.verdict is None:
        return
    slowdown = campaign.verdict["slowdown"]
    for network in campaign.verdict["networks"]:
        one = Beside(**network)
        at_speed = {"estimated_ms": one.estimated_ms * slowdown, "error_ms": one.error_ms * slowdown}
        yield campaign.job_id, replace(one, **at_speed)


def _compared(networks: Sequence[tuple[str | None, Beside]]) -> ComparedView:
    listed = tuple(NetworkView(job_id=job_id, **asdict(one)) for job_id, one in networks)
    errors = errors_of([one for _, one in networks])
    if errors is None:
        return ComparedView(networks=(), errors=None)
    told = asdict(errors) | ({} if len(networks) > 1 else {"tau": None})
    return ComparedView(networks=listed, errors=ErrorsView(**told))
