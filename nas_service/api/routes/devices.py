"""Devices over HTTP: their latency tables."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from device_agent.setting import CPU, Setting
from nas_service.api import description, table_summary, tables
from nas_service.api.bodies import JsonObject
from nas_service.api.callers import ADMIN
from nas_service.api.device_views import DeviceView
from nas_service.api.service import Here
from nas_service.api.table_views import TableSummary
from nas_service.spec import PrecisionName, ProviderName, ThreadCount
from nas_service.store import campaigns

router = APIRouter(prefix="/devices", tags=["devices"])

TABLE_BODY = description.body({"type": "object", "description": "a table as `nas device profile` writes it"})


def _setting(
    threads: Annotated[ThreadCount, Query()] = 1,
    precision: Annotated[PrecisionName, Query()] = "float32",
    provider: Annotated[ProviderName, Query()] = CPU,
) -> Setting:
    return Setting(threads, precision, provider)


InSetting = Annotated[Setting, Depends(_setting)]


@router.get("")
def listed(service: Here) -> list[DeviceView]:
    """Every latency table that this service has."""
    return tables.listed(service.settings.tables)


@router.get("/{name}/table", response_class=Response, responses={200: {"content": {"application/json": {}}}})
def table(name: str, service: Here, setting: InSetting) -> Response:
    """A table as it was measured."""
    return Response(tables.read(service.settings.tables, name, setting), media_type="application/json")


@router.get("/{name}/summary")
def summary(name: str, service: Here, setting: InSetting) -> TableSummary:
    """What a table holds, its doubtful and its dearest ops, and how far its estimates were from measurements."""
    with service.store.read() as conn:
        measured = campaigns.listed(conn, name)
    return table_summary.of_table(service.settings.tables, name, setting, measured)


@router.put("/{name}/table", dependencies=ADMIN, openapi_extra=TABLE_BODY)
def put_table(name: str, document: JsonObject, service: Here) -> DeviceView:
    """Take in a table that was measured on a device; it replaces the one of the same setting."""
    return tables.write(service.settings.tables, name, document)
