"""Under which names a service answers: a page of another site can have its own name resolve to this machine.

A browser lets that page read what it takes for its own server, and sends that server's name along as `Host`: so a name
that nobody gave to the service is the sign of it (DNS rebinding).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from nas_service.errors import Forbidden
from nas_service.settings import is_loopback

SAFE = ("GET", "HEAD", "OPTIONS")
SOCKET = "/_nicegui_ws"  # of the pages: whoever reads from it may act through it
OUTSIDE = ("cross-site", "same-site")  # another port of this machine is the same site
HOW = "; name it in NAS_PUBLIC_HOSTS, or with --public-host, where it is this service's"


@dataclass(frozen=True)
class Hosts:
    """`public` are the names that were given to the service; without any, every name will do where a key protects it.

    `loopback`: only this machine reaches the service, whose own names always hold.
    """

    loopback: bool
    public: tuple[str, ...] = ()

    def refuse_unknown(self, came: HTTPConnection, *, keyless: bool) -> None:
        """Raises Forbidden for a name that is not the service's."""
        name = name_of(came.headers.get("host", ""))
        if is_loopback(name) or name in self.public or not (self.public or (keyless and self.loopback)):
            return
        known = ", ".join(("localhost", *self.public))
        key = "; or make a key: nas key create --owner NAME --scope admin" if keyless and not self.public else ""
        raise Forbidden(f"this service answers to {known}, not to {name[:100]!r}{HOW}{key}")


def refuse_other_sites(came: HTTPConnection) -> None:
    """Raises Forbidden for what a page of another site makes a browser send, unless it is a plain reading.

    Programs send neither `Origin` nor `Sec-Fetch-Site`, and no page can forge them.
    """
    reading = came.scope.get("method") in SAFE and not came.url.path.startswith(SOCKET)
    if reading:
        return
    origin, host = came.headers.get("origin"), came.headers.get("host", "")
    elsewhere = origin is not None and urlsplit(origin).netloc != host
    if elsewhere or came.headers.get("sec-fetch-site") in OUTSIDE:
        raise Forbidden(
            "this comes from a page of another site. A proxy before the service has to pass the Host header on"
        )


def name_of(host: str) -> str:
    """The name in a `Host` header, without its port; empty where there is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""
