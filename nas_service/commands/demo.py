"""`nas demo`: one whole search on this machine, told step by step."""

from __future__ import annotations

from rich.console import Console

from ..settings import Settings
from .terminal import UserError


def demo() -> None:
    """Run a whole search on this machine: latency table, search, control, export (some minutes)."""
    from ..demo.story import tell

    try:
        tell(Settings().home / "demo", Console(highlight=False))
    except RuntimeError as error:
        raise UserError(str(error)) from None
