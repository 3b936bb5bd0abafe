"""How the service's refusals reach a Python program."""

from __future__ import annotations

import httpx


class ApiError(Exception):
    """A refusal. `field` is the path of the value at fault, if there is one; `detail` says what would be right."""

    def __init__(self, status: int, title: str, detail: str, field: str = "") -> None:
        super().__init__(f"{field}: {detail}" if field else detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.field = field

    @classmethod
    def of(cls, response: httpx.Response) -> ApiError:
        """From a response that is no success, whoever sent it: a proxy in between knows no problem+json."""
        try:
            said = response.json()
            return cls(response.status_code, str(said["title"]), str(said["detail"]), str(said.get("field", "")))
        except (ValueError, KeyError, TypeError):
            return cls(response.status_code, response.reason_phrase, f"the server answered {response.status_code}")


class ServerAway(ApiError):
    """No server answers at this address."""

    def __init__(self, base_url: str, error: httpx.TransportError) -> None:
        why = str(error) or type(error).__name__
        super().__init__(
            0, "The server does not answer", f"no server answers at {base_url} ({why}); start one with: nas serve"
        )


class ExportFailed(ApiError):
    """An export that did not pass, with what went wrong."""

    def __init__(self, export_id: str, message: str) -> None:
        super().__init__(409, "The export failed", f"export {export_id} failed: {message}")
