"""Tables, campaigns and agents in words, for the pages of devices. Pure: plain text, to be shown as such."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal
from urllib.parse import quote, urlencode

from device_agent.setting import CPU, USUAL, Setting
from nas_service.api.device_views import AgentView, CampaignView, DeviceView

from .targets import setting_of

OPEN = ("waiting", "measuring")
STEADY = 1.05  # up to here a device counts as steady while it was measured

Tone = Literal["danger", "warning", "muted"]


@dataclass(frozen=True)
class Remark:
    """Something to know of a table. In danger it cannot be used, with a warning its estimates were off."""

    tone: Tone
    text: str


@dataclass(frozen=True)
class TableRow:
    """A table in the list of all."""

    name: str
    address: str
    readable: bool
    machine: str
    runtime: str
    setting: str
    ops: str
    calibration: str
    error: str
    written_at: float | None
    remarks: tuple[Remark, ...]


@dataclass(frozen=True)
class CampaignRow:
    """A campaign: `done` is the share of its visits that were made, `job_id` whose finalists it measures."""

    id: str
    device: str
    address: str
    job_id: str | None
    state: str
    done: float
    visits: str
    said: str
    machine: str
    when: str  # what happened `at` that time
    at: float

    @property
    def under_way(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True)
class AgentRow:
    """An agent that asked for an order."""

    device: str
    machine: str
    runtime: str
    seen_at: float


def table_row(table: DeviceView) -> TableRow:
    facts = table.facts
    return TableRow(
        name=table.name,
        address=device_address(table.name, setting_of(table)),
        readable=bool(facts),
        machine=machine(facts),
        runtime=f"onnxruntime {facts['onnxruntime']}" if facts.get("onnxruntime") else "runtime not told",
        setting=setting_of(table).words,
        ops=plural(table.ops, "op"),
        calibration=calibration(facts),
        error=error_bar(facts),
        written_at=table.written_at,
        remarks=remarks(table),
    )


def campaign_row(campaign: CampaignView) -> CampaignRow:
    device = (campaign.machine or {}).get("device", {})
    return CampaignRow(
        id=campaign.id,
        device=campaign.device,
        address=device_address(campaign.device, setting_of(campaign)),
        job_id=campaign.job_id,
        state=campaign.state,
        done=min(1.0, campaign.made / max(1, campaign.total)),
        visits=f"{campaign.made:,} of about {campaign.total:,} visits",
        said=campaign.verdict or campaign.message or _result(campaign),
        machine=machine(device),
        when="began" if campaign.ended_at is None else "ended",
        at=campaign.ended_at or campaign.created_at,
    )


def agent_row(agent: AgentView) -> AgentRow:
    runtime = f"onnxruntime {agent.onnxruntime}, python {agent.facts['python']}"
    return AgentRow(agent.device, machine(agent.facts), runtime, agent.seen_at)


def device_address(name: str, setting: Setting) -> str:
    """The page of a table, or of a file that holds none, which has no number of threads."""
    path = f"/devices/{quote(name, safe='')}"
    unusual = {key: value for key, value in asdict(setting).items() if value not in (0, getattr(USUAL, key))}
    return f"{path}?{urlencode(unusual)}" if unusual else path


def named(file: str) -> tuple[str, Setting]:
    """Device and setting of a table that cannot be read, which is listed by the name of its file."""
    found = re.fullmatch(r"(.+?)-(?:([1-9]\d*)t|all)(-int8)?(?:-([A-Z]\w*))?", file)
    if found is None:
        return file, USUAL
    device, threads, int8, provider = found.groups()
    precision = "int8" if int8 else "float32"
    return device, Setting(
        int(threads) if threads else "all", precision, f"{provider}ExecutionProvider" if provider else CPU
    )


def machine(facts: Mapping[str, Any]) -> str:
    cores = plural(facts["cores"], "core") if facts.get("cores") else ""
    return " · ".join(filter(None, (facts.get("cpu"), cores, facts.get("system"))))


def calibration(facts: Mapping[str, Any]) -> str:
    """What it rests on: whole networks, or none for a table of published costs."""
    return f"calibrated on {plural(facts['networks'], 'network')}" if facts.get("networks") else "not calibrated"


def error_bar(facts: Mapping[str, Any]) -> str:
    return f"± {facts['relative_error']:.1%}" if "relative_error" in facts else "–"


def remarks(table: DeviceView) -> tuple[Remark, ...]:
    """What is wrong with a table, what its finalists said, and how steady the device was, the gravest first."""
    found = (Remark("danger", table.problem), Remark("warning", table.doubt), Remark("muted", drift(table.drift)))
    return tuple(remark for remark in found if remark.text)


def drift(slowest: float) -> str:
    if slowest <= STEADY:
        return ""
    return f"the device was up to {slowest:.2f} times slower than usual while it was measured; costs are corrected"


def plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _result(campaign: CampaignView) -> str:
    if campaign.state != "completed":
        return ""
    return "the finalists were measured" if campaign.job_id else "what was measured is in the latency table"


def protocol(facts: Mapping[str, Any]) -> str:
    """How often and how was looked, where a table says so."""
    if (known := facts.get("protocol")) is None:
        return "not told"
    return f"{known['visits']} visits of up to {known['longest']} runs each, {known['quantile']:.0%} quantile of both"
