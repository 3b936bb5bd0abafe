"""Which jobs a page shows, as it stands in the page's address."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from urllib.parse import urlencode

STATES = ("queued", "running", "paused", "finished", "exhausted", "cancelled", "failed")


@dataclass(frozen=True)
class JobFilter:
    """Empty is any. `name` is a part of a job's, `cursor` where the page of the list begins; empty is the newest."""

    state: str = ""
    owner: str = ""
    name: str = ""
    cursor: str = ""

    @property
    def narrows(self) -> bool:
        return bool(self.state or self.owner or self.name)

    def query(self) -> dict[str, str]:
        """What is set, by the names that the address and the API have for it."""
        return {name: value for name, value in asdict(self).items() if value}

    def address(self) -> str:
        """Of the page that shows these."""
        return "/" + ("?" + urlencode(self.query()) if self.query() else "")
