"""Where the service answers, the key that is shown to it, and what both clients give httpx."""

from __future__ import annotations

import os
import ssl
from typing import Any

from .errors import ApiError

DEFAULT_URL = "http://127.0.0.1:8350"


def address(base_url: str | None) -> str:
    """Where the service answers: as given, else NAS_SERVER, else this machine's default port."""
    return (base_url or os.environ.get("NAS_SERVER") or DEFAULT_URL).rstrip("/")


def credentials(key: str | None) -> dict[str, str]:
    """The header that shows the key: as given, else NAS_API_KEY; none where that is empty. Raises ApiError."""
    key = os.environ.get("NAS_API_KEY", "") if key is None else key
    if not (key.isascii() and key.isprintable()):
        raise ApiError(401, "A key is needed", "this is no key; keys look like nas_ID_SECRET", "NAS_API_KEY")
    return {"Authorization": f"Bearer {key}"} if key else {}


def connection(base_url: str, key: str | None, timeout_s: float, transport: object | None) -> dict[str, Any]:
    """What both clients give httpx. They take the certificates that this machine trusts, and that SSL_CERT_FILE adds.

    A transport of the caller's own makes its connections by itself, so no certificates are read for it.
    """
    return {
        "base_url": base_url,
        "headers": credentials(key),
        "timeout": timeout_s,
        "transport": transport,
        "verify": ssl.create_default_context() if transport is None else False,
        "trust_env": False,
    }
