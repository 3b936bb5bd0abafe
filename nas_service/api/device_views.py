"""What the service says of devices over HTTP: their latency tables, and the campaigns that measure them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from .views import View


class DeviceView(View):
    """A latency table: which device, how many threads and ops; `problem` says why it cannot be used, or is empty."""

    name: str
    threads: int
    hash: str
    ops: int
    facts: dict[str, Any]
    problem: str


class CampaignView(View):
    """What an agent measures on a device, into its latency table.

    `state` is waiting, measuring, completed, failed or cancelled; `message` says for what it waits, what measures, or
    why it ended. Of about `total` visits to networks so many are `made`; `machine` says on what.
    """

    id: str
    device: str
    threads: int
    owner: str
    state: str
    message: str
    made: int
    total: int
    machine: dict[str, Any] | None
    created_at: float
    ended_at: float | None


class CampaignRequest(BaseModel):
    """The job whose space is meant; threads by default as in its spec; `fresh` forgets the table that there is."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    spec: dict[str, Any]
    threads: Annotated[int | None, Field(ge=1, le=256)] = None
    fresh: bool = False
