"""Errors of this package: each names the field at fault and says what would be right."""

from __future__ import annotations


class SpaceError(ValueError):
    """An option, genotype or signature that a search space refuses.

    `field` is the path of the offending value as the caller wrote it, for example `options.resolution`.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field
