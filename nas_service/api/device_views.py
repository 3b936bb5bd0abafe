"""What the service says of devices over HTTP: their latency tables, and the campaigns that measure them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from device_agent.setting import CPU, Threads
from latency_tables.coverage import FEWEST_OPS
from nas_service.spec import PrecisionName, ProviderName, ThreadCount

from .views import View


class DeviceView(View):
    """A latency table: which device, in which setting, how many ops; `problem` says why it cannot be used, or is empty.

    `doubt` tells what finalists that were measured said against its estimates, if they ever did. `drift` is how many
    times slower than usual the device was in the worst stretch of measuring, for which entries are corrected.
    `written_at` is when the table was made or last extended.
    """

    name: str
    threads: Threads
    precision: str = "float32"
    provider: str = CPU
    hash: str
    ops: int
    facts: dict[str, Any]
    problem: str
    doubt: str = ""
    drift: float = 1.0
    written_at: float | None = None


class AgentView(View):
    """An agent that asked this process for an order: the device's name and facts, and its onnxruntime."""

    device: str
    facts: dict[str, Any]
    onnxruntime: str
    seen_at: float


class CampaignView(View):
    """What an agent measures on a device, into its latency table.

    `state` is waiting, measuring, completed, failed or cancelled; `message` says for what it waits, what measures, or
    why it ended. Of about `total` visits to networks so many are `made`; `machine` says on what. With a `job_id` the
    networks are that job's finalists, and `verdict` says in the end how good their estimates were.
    """

    id: str
    device: str
    threads: Threads
    precision: str = "float32"
    provider: str = CPU
    owner: str
    state: str
    message: str
    made: int
    total: int
    machine: dict[str, Any] | None
    job_id: str | None = None
    verdict: str = ""
    created_at: float
    ended_at: float | None


class BesideView(View):
    """A finalist's estimate with the half width of its 90 % interval, beside its measurement and its spread, in ms.

    `inside` is whether the measurement lies in the interval, the device's speed of the day allowed for.
    """

    candidate_id: str
    number: int
    estimated_ms: float
    error_ms: float
    measured_ms: float
    spread_ms: float
    inside: bool


class FinalistsView(View):
    """The best networks of a job, measured on its device.

    `state` is waiting until the job has ended, then that of the campaign, or none where nothing was to measure;
    `message` says for what it waits, or what follows. Errors are shares: `mape` of the measurements, `bias` positive
    where estimates are too high; `tau` is Kendall's, null of fewer than two. `slowdown` is how many times as long the
    device takes as when its table was made; errors are without it. `recalibrated` says that the intervals did not hold,
    and the table was calibrated anew.
    """

    state: str
    message: str
    campaign: str | None = None
    networks: tuple[BesideView, ...] = ()
    mape: float | None = None
    bias: float | None = None
    tau: float | None = None
    slowdown: float | None = None
    inside: int | None = None
    recalibrated: bool = False


class CampaignRequest(BaseModel):
    """The job whose space is meant; `fresh` forgets the table that there is.

    Threads, precision and provider are as in the spec where they are left out. At most so many `ops` are measured (400
    if it is left out), those that the space meets most often, and no fewer than the others can be told from. Another
    campaign measures more.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    spec: dict[str, Any]
    ops: Annotated[int | None, Field(ge=FEWEST_OPS, le=100_000)] = None
    threads: ThreadCount | None = None
    precision: PrecisionName | None = None
    provider: ProviderName | None = None
    fresh: bool = False
