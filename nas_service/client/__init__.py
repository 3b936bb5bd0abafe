"""The service from Python: `Client`, and `AsyncClient` with the same methods."""

from .asynchronous import AsyncClient
from .errors import ApiError, ExportFailed, ServerAway
from .synchronous import Client

__all__ = ["ApiError", "AsyncClient", "Client", "ExportFailed", "ServerAway"]
