"""Where the service keeps its state and finds its workers: `NAS_*` environment variables over defaults."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from .logs import Format, Level


class Settings(BaseSettings):
    """`home` holds everything by default: the SQLite file, artifacts and latency tables."""

    model_config = SettingsConfigDict(env_prefix="NAS_", frozen=True)

    home: Path = Path("nas-data")
    database_url: str = ""
    ray_address: str = ""
    artifacts: str = ""
    host: str = "127.0.0.1"
    port: int = 8350
    coordinate: bool = True  # False: answer requests, and leave the jobs to other processes
    page: bool = True
    lease_s: Annotated[float, Field(gt=0, le=3600)] = 60  # a coordinator that hangs for so long loses its jobs
    max_request_bytes: int = 2_000_000
    public_hosts: str = ""  # names of the service in addresses, with commas between
    webhook_hosts: str = ""  # with commas between; `*.example.com` for a domain, `*` for every host
    log_format: Format = "text"
    log_level: Level = "info"
    artifact_budget_bytes: Annotated[int, Field(ge=0)] | None = None  # None: no limit

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return is_loopback(self.host)

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the database."""
        return self.database_url or f"sqlite:///{(self.home / 'nas.sqlite').resolve()}"

    @property
    def artifact_url(self) -> str:
        """The fsspec URL under which weights and exports are kept."""
        return self.artifacts or (self.home / "artifacts").resolve().as_uri()

    @property
    def tables(self) -> Path:
        """Folder of the latency tables measured for this service."""
        return self.home / "tables"

    @property
    def hosts_for_webhooks(self) -> tuple[str, ...]:
        """The hosts that jobs may have called when they end."""
        return listed(self.webhook_hosts)

    @property
    def names(self) -> tuple[str, ...]:
        """Those under which browsers reach the service, besides those of the machine itself."""
        return tuple(name.lower() for name in listed(self.public_hosts))


def listed(text: str) -> tuple[str, ...]:
    """What stands between the commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def is_loopback(host: str) -> bool:
    """Whether this is a name or an address of the machine itself, which no other machine reaches."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
