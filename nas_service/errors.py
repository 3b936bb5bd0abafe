"""What the service refuses, and with which HTTP status: every refusal says what was wrong and what would be right."""

from __future__ import annotations


class ServiceError(Exception):
    """A request that cannot be carried out as it stands. `field` is the path of the value at fault, if there is one."""

    status = 422
    title = "The request cannot be carried out"

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
