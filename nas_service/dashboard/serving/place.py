"""Where the service is that pages show: in this process, or elsewhere; and the clients of its viewers."""

from __future__ import annotations

from typing import Protocol

import httpx
from fastapi import Request
from starlette.types import ASGIApp

from nas_service.access import Caller
from nas_service.client import AsyncClient

from .in_process import InProcess
from .live import Hub, LiveClient


class Place(Protocol):
    """`url` and `transport` are how pages reach the service."""

    url: str
    transport: httpx.AsyncBaseTransport

    def address(self, request: Request) -> str:
        """Of the service, as the viewer sees it."""


class Here:
    """The application that has the pages in it, whatever it listens at."""

    url = "http://127.0.0.1"

    def __init__(self, app: ASGIApp) -> None:
        self.transport: httpx.AsyncBaseTransport = InProcess(app)

    def address(self, request: Request) -> str:
        return str(request.base_url).rstrip("/")


class Viewers:
    """A client for each viewer, who may do what his key may; all of them share what is read."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.hub = Hub(lambda key: AsyncClient(place.url, key=key, transport=place.transport))

    def __call__(self, viewer: Caller) -> LiveClient:
        return LiveClient(self._place.url, key=viewer.key, transport=self._place.transport, hub=self.hub)
