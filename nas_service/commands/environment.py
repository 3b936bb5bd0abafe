"""The settings of the service as the commands find them that run on its machine."""

from __future__ import annotations

from pydantic import ValidationError

from ..settings import Settings
from .terminal import UserError


def settings() -> Settings:
    """`NAS_*` over the defaults. Raises UserError for a value that cannot be."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "NAS_" + "_".join(map(str, first["loc"])).upper()
        raise UserError(f"{name} cannot be {first['input']!r}: {first['msg']}") from None
