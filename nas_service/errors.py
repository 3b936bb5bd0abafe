"""What the service refuses, and with which HTTP status: every refusal says what was wrong and what would be right."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class ServiceError(Exception):
    """A request that cannot be carried out as it stands. `field` is the path of the value at fault, if there is one."""

    status = 422
    title = "The request cannot be carried out"
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class InvalidSpec(ServiceError):
    """A job spec that names something unknown, or asks for what cannot be."""

    title = "The job spec does not fit"


class NotFound(ServiceError):
    """An id that names nothing."""

    status = 404
    title = "There is no such thing"


class Conflict(ServiceError):
    """An action that does not fit the present state."""

    status = 409
    title = "The present state does not allow this"


class Unauthorised(ServiceError):
    """No key, or one that opens nothing: one answer for all, for a guesser would learn from more."""

    status = 401
    title = "A key is needed"
    headers = MappingProxyType({"WWW-Authenticate": "Bearer"})

    def __init__(self) -> None:
        super().__init__(
            "send a key that holds as `Authorization: Bearer nas_...`; one is made on the machine of the service, "
            "with: nas key create --owner NAME --scope submit (measure for an agent)"
        )


class Unavailable(ServiceError):
    """What the service needs for this is not there at the moment."""

    status = 503
    title = "This cannot be done at the moment"


class Forbidden(ServiceError):
    """Something that this caller may not do."""

    status = 403
    title = "This is not allowed"
