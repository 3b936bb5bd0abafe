"""What both clients have of devices: latency tables, campaigns that measure them, agents, and finalists of jobs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, TypeVar

from device_agent.setting import CPU, Setting, Threads
from nas_service.api.device_views import AgentView, CampaignView, DeviceView, FinalistsView
from nas_service.api.table_views import TableSummary

from . import calls
from .calls import Call

T = TypeVar("T")


class DeviceCalls(ABC):
    """Of `Client`."""

    @abstractmethod
    def _send(self, call: Call[T]) -> T: ...

    def devices(self) -> list[DeviceView]:
        return self._send(calls.devices())

    def table(
        self, name: str, threads: Threads = 1, *, precision: str = "float32", provider: str = CPU
    ) -> dict[str, Any]:
        """A device's latency table, as measured."""
        return self._send(calls.table(name, Setting(threads, precision, provider)))

    def table_summary(
        self, name: str, threads: Threads = 1, *, precision: str = "float32", provider: str = CPU
    ) -> TableSummary:
        """What a device's latency table holds, and how far its estimates were from measurements."""
        return self._send(calls.table_summary(name, Setting(threads, precision, provider)))

    def put_table(self, name: str, document: Mapping[str, Any]) -> DeviceView:
        """Hand in a table that was measured on a device."""
        return self._send(calls.put_table(name, document))

    def measure(
        self,
        device: str,
        spec: Mapping[str, Any],
        *,
        threads: Threads | None = None,
        precision: str | None = None,
        provider: str | None = None,
        ops: int | None = None,
        fresh: bool = False,
    ) -> CampaignView:
        """Have an agent on the device measure what its table lacks for a job; `fresh` measures everything anew.

        Threads, precision and provider are as in the spec where they are left out. At most so many `ops` are measured,
        those that make the most of what is met.
        """
        wanted = {"threads": threads, "precision": precision, "provider": provider, "ops": ops, "fresh": fresh}
        return self._send(calls.measure(device, spec, wanted))

    def finalists(self, job_id: str) -> FinalistsView:
        """The best networks of a job, measured on its device, beside their estimates."""
        return self._send(calls.finalists(job_id))

    def campaigns(self, device: str | None = None) -> list[CampaignView]:
        """The newest measuring campaigns, of one device where it is named."""
        return self._send(calls.campaigns(device))

    def campaign(self, campaign_id: str) -> CampaignView:
        return self._send(calls.campaign(campaign_id))

    def cancel_campaign(self, campaign_id: str) -> CampaignView:
        """End a campaign; what was measured of it is forgotten."""
        return self._send(calls.cancel_campaign(campaign_id))

    def agents(self) -> list[AgentView]:
        """Who asked the service for something to measure since it began, the newest first."""
        return self._send(calls.agents())


class AsyncDeviceCalls(ABC):
    """Of `AsyncClient`."""

    @abstractmethod
    async def _send(self, call: Call[T]) -> T: ...

    async def devices(self) -> list[DeviceView]:
        return await self._send(calls.devices())

    async def table(
        self, name: str, threads: Threads = 1, *, precision: str = "float32", provider: str = CPU
    ) -> dict[str, Any]:
        """A device's latency table, as measured."""
        return await self._send(calls.table(name, Setting(threads, precision, provider)))

    async def table_summary(
        self, name: str, threads: Threads = 1, *, precision: str = "float32", provider: str = CPU
    ) -> TableSummary:
        """What a device's latency table holds, and how far its estimates were from measurements."""
        return await self._send(calls.table_summary(name, Setting(threads, precision, provider)))

    async def put_table(self, name: str, document: Mapping[str, Any]) -> DeviceView:
        """Hand in a table that was measured on a device."""
        return await self._send(calls.put_table(name, document))

    async def measure(
        self,
        device: str,
        spec: Mapping[str, Any],
        *,
        threads: Threads | None = None,
        precision: str | None = None,
        provider: str | None = None,
        ops: int | None = None,
        fresh: bool = False,
    ) -> CampaignView:
        """Have an agent on the device measure what its table lacks for a job; `fresh` measures everything anew.

        Threads, precision and provider are as in the spec where they are left out. At most so many `ops` are measured,
        those that make the most of what is met.
        """
        wanted = {"threads": threads, "precision": precision, "provider": provider, "ops": ops, "fresh": fresh}
        return await self._send(calls.measure(device, spec, wanted))

    async def finalists(self, job_id: str) -> FinalistsView:
        """The best networks of a job, measured on its device, beside their estimates."""
        return await self._send(calls.finalists(job_id))

    async def campaigns(self, device: str | None = None) -> list[CampaignView]:
        """The newest measuring campaigns, of one device where it is named."""
        return await self._send(calls.campaigns(device))

    async def campaign(self, campaign_id: str) -> CampaignView:
        return await self._send(calls.campaign(campaign_id))

    async def cancel_campaign(self, campaign_id: str) -> CampaignView:
        """End a campaign; what was measured of it is forgotten."""
        return await self._send(calls.cancel_campaign(campaign_id))

    async def agents(self) -> list[AgentView]:
        """Who asked the service for something to measure since it began, the newest first."""
        return await self._send(calls.agents())
