"""Ids of what belongs to a job, made of the job's own and a number, so that nothing has to be looked up to name it."""

from __future__ import annotations

from sqlalchemy import Column, ColumnElement, Integer, cast, func

LETTERS = len(".c")  # between the id of the job and the number


def candidate(job_id: str, number: int) -> str:
    """That which proposal `number` brought."""
    return f"{job_id}.c{number}"


def trial(job_id: str, number: int) -> str:
    return f"{job_id}.t{number}"


def number_of(name: str) -> int:
    """The number in an id."""
    return int(name.rpartition(".")[2][1:])


def number_in(column: Column[str], job_id: str) -> ColumnElement[int]:
    """The number in a column of ids of one job."""
    return cast(func.substr(column, len(job_id) + LETTERS + 1), Integer)
