"""What a device is asked to measure, as JSON; the same from a server and in a file that is carried by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .measure import Protocol
from .setting import Setting

VERSION = 3  # of everything that an agent and a service say to each other


class OtherVersion(ValueError):
    """An order of another version than this agent's. Says what to do."""

    def __init__(self, found: object) -> None:
        super().__init__(
            f"this agent speaks version {VERSION}, and the order is of version {found}; take the agent that the "
            "service hands out: /agent.pyz"
        )


@dataclass(frozen=True)
class Wanted:
    """A subject, and how many visits it lacks."""

    subject: str
    visits: int


@dataclass(frozen=True)
class Order:
    """Subjects to visit so many times, with one reference between them, all in one setting.

    `made` is how many visits the campaign has already: the next one has this number. A lease holds for `lease_s`, and
    `agent` is whose it is, under a name that only this agent and the service know.
    """

    campaign: str
    attempt: int
    setting: Setting
    protocol: Protocol
    reference: str
    lacking: tuple[Wanted, ...]
    made: int = 0
    lease_s: float = 0.0
    agent: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"version": VERSION} | asdict(self)

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Order:
        """Raises OtherVersion, and ValueError for what is no order."""
        version = written.get("version") if isinstance(written, Mapping) else None
        if version != VERSION:
            raise OtherVersion(version)
        try:
            return cls(
                written["campaign"],
                written["attempt"],
                Setting(**written["setting"]),
                Protocol(**written["protocol"]),
                written["reference"],
                tuple(map(_wanted, written["lacking"])),
                written["made"],
                written["lease_s"],
                written["agent"],
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is no order: {error!r}") from None


def _wanted(written: Mapping[str, Any]) -> Wanted:
    return Wanted(written["subject"], written["visits"])
