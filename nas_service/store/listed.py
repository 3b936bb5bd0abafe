"""Conditions over lists of any length, as parts of statements that stay the same.

SQLAlchemy writes a parameter for each element of an `in_`, so that every execution is prepared anew, and parsed and
planned anew by PostgreSQL. Here a list is one parameter: an array there, and a JSON text for SQLite.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self

from sqlalchemy import ARRAY, Boolean, Column, ColumnElement, Dialect, Text, bindparam, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from .json_text import encode


def among(column: Column[Any], name: str) -> ColumnElement[bool]:
    """Whether the column has one of the values of the list that is given as parameter `name`."""
    return _Among(column, bindparam(name, type_=_Listed(column.type)))


def one_of(column: Column[str], words: Collection[str]) -> ColumnElement[bool]:
    """Whether the column has one of these words, which are written into the statement."""
    return column.in_([literal_column(f"'{word}'") for word in words])


class _Listed(TypeDecorator[Collection[Any]]):
    impl = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return ARRAY(self.of) if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        listed = list(value or ())
        return listed if dialect.name == "postgresql" else encode(listed)


class _Among(FunctionElement[bool]):
    name = "among"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Self:  # noqa: ARG002 - the contract
        """Stands in a condition as it is: `= 1`, which SQLAlchemy would add for SQLite, keeps it from its indexes."""
        return self


@compiles(_Among)
def _in_json(element: _Among, compiler: Any, **options: Any) -> str:
    column, listed = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({listed}))"  # noqa: S608 - of our own columns


@compiles(_Among, "postgresql")
def _in_array(element: _Among, compiler: Any, **options: Any) -> str:
    column, listed = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} = ANY ({listed})"
