"""Tables, campaigns and agents in words, for the pages of devices. Pure: plain text, to be shown as such."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from nas_service.api.device_views import AgentView, CampaignView, DeviceView

from .theme import ago

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
    threads: str
    ops: str
    calibration: str
    error: str
    age: str
    remarks: tuple[Remark, ...]


@dataclass(frozen=True)
class CampaignRow:
    """A campaign: `done` is the share of its visits that were made, `job_id` whose finalists it measures."""

    id: str
    device: str
    threads: int
    job_id: str | None
    state: str
    done: float
    visits: str
    said: str
    machine: str
    age: str

    @property
    def under_way(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True)
class AgentRow:
    """An agent that asked for an order."""

    device: str
    machine: str
    runtime: str
    age: str


def table_row(table: DeviceView) -> TableRow:
    facts = table.facts
    return TableRow(
        name=table.name,
        address=device_address(table.name, table.threads),
        readable=bool(facts),
        machine=machine(facts),
        runtime=f"onnxruntime {facts['onnxruntime']}" if facts.get("onnxruntime") else "runtime not told",
        threads=plural(table.threads, "thread"),
        ops=plural(table.ops, "op"),
        calibration=calibration(facts),
        error=error_bar(facts),
        age="" if table.written_at is None else ago(table.written_at),
        remarks=remarks(table),
    )


def campaign_row(campaign: CampaignView) -> CampaignRow:
    device = (campaign.machine or {}).get("device", {})
    began = f"began {ago(campaign.created_at)}"
    return CampaignRow(
        id=campaign.id,
        device=campaign.device,
        threads=campaign.threads,
        job_id=campaign.job_id,
        state=campaign.state,
        done=min(1.0, campaign.made / max(1, campaign.total)),
        visits=f"{campaign.made:,} of about {campaign.total:,} visits",
        said=campaign.verdict or campaign.message or _result(campaign),
        machine=machine(device),
        age=began if campaign.ended_at is None else f"ended {ago(campaign.ended_at)}",
    )


def agent_row(agent: AgentView) -> AgentRow:
    runtime = f"onnxruntime {agent.onnxruntime}, python {agent.facts['python']}"
    return AgentRow(agent.device, machine(agent.facts), runtime, f"asked {ago(agent.seen_at)}")


def device_address(name: str, threads: int) -> str:
    """The page of a table; one that cannot be read has no number of threads."""
    path = f"/devices/{quote(name, safe='')}"
    return path if threads < 2 else f"{path}?threads={threads}"


def named(file: str) -> tuple[str, int]:
    """Device and threads of a table that cannot be read, which is listed by the name of its file."""
    found = re.fullmatch(r"(.+)-([1-9]\d*)t", file)
    return (found[1], int(found[2])) if found else (file, 1)


def machine(facts: Mapping[str, Any]) -> str:
    cores = plural(facts["cores"], "core") if "cores" in facts else ""
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
