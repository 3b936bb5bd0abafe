"""What an owner's quota leaves: looked up before anything is prepared, decided under its lock where it is used."""

from __future__ import annotations

from sqlalchemy import Connection

from nas_service.store import quotas

from .run import Overtaken


def no_more_jobs(conn: Connection, owner: str, *, locked: bool = False) -> str:
    """Why no other job of an owner may begin; empty where one may."""
    most = quotas.of(conn, owner, locked=locked).jobs
    if most is None:
        return ""
    running = quotas.running_jobs(conn, owner)
    return f"the quota of {most} jobs at a time is used up, by {', '.join(running)}" if len(running) >= most else ""


def trials_left(conn: Connection, owner: str, wanted: int) -> tuple[int, str]:
    """How many of the wanted trials an owner may add, and why there are none; empty where there are some."""
    most = quotas.of(conn, owner).trials
    if most is None:
        return wanted, ""
    left = most - quotas.open_trials(conn, owner)
    return left, f"the quota of {most} trials at a time is used up" if left <= 0 else ""


def refuse_more_trials(conn: Connection, owner: str, new: int) -> None:
    """Raises Overtaken where other coordinators used up, meanwhile, what was left of the owner's quota."""
    most = quotas.of(conn, owner, locked=True).trials
    if most is not None and quotas.open_trials(conn, owner) + new > most:
        raise Overtaken(f"the quota of {most} trials of {owner!r} was used up meanwhile")
