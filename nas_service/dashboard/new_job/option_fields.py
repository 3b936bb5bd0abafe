"""A JSON schema of options as the fields of a form: what each asks for, its bounds and its default. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from .spec_text import ABSENT

Kind = Literal["choice", "several", "number", "switch", "text", "yaml"]
Schema = Mapping[str, Any]

WORTH_SAYING: Final = 1e9  # an upper bound beyond is one of integers, not of the option
FALSE_AND_TRUE: Final = (False, True)


@dataclass(frozen=True)
class OptionField:
    """One option. `default` is `ABSENT` where it is required; a default of None is what the service decides.

    `choices` are those of `choice` and `several`; `whole` says that a number is an integer. The service checks bounds;
    here they are to be read.
    """

    name: str
    kind: Kind
    default: Any = ABSENT
    choices: tuple[Any, ...] = ()
    whole: bool = False
    lowest: float | None = None
    highest: float | None = None
    description: str = ""

    @property
    def required(self) -> bool:
        return self.default is ABSENT

    @property
    def hint(self) -> str:
        """What it is for and, for a number between bounds, what they are."""
        return "; ".join(filter(None, (self.description, _bounds(self.lowest, self.highest))))


@dataclass(frozen=True)
class Part:
    """A part of the spec with its own fields. One that is `optional` is off unless its key is there."""

    name: str
    description: str
    optional: bool
    fields: tuple[OptionField, ...]


def fields_of(schema: Schema, *, within: Schema | None = None) -> tuple[OptionField, ...]:
    """The options of an object that leave a choice, in its order. Definitions are those of `within`, or its own."""
    definitions = (within or schema).get("$defs", {})
    found = {name: resolve(one, definitions) for name, one in schema.get("properties", {}).items()}
    return tuple(_field(name, one, definitions) for name, one in found.items() if "const" not in one)


def parts_of(schema: Schema) -> tuple[Part, ...]:
    """The parts of a spec that are objects, in its order."""
    definitions = schema.get("$defs", {})
    found = ((name, *_alternatives(one, definitions)) for name, one in schema.get("properties", {}).items())
    return tuple(
        Part(name, _paragraph(whole.get("description", "")), nullable, fields_of(whole, within=schema))
        for name, alternatives, nullable in found
        for whole in alternatives
        if "properties" in whole
    )


def defaults_of(schema: Schema) -> dict[str, Any]:
    """The default of every option that has one, as JSON."""
    return {name: one["default"] for name, one in schema.get("properties", {}).items() if "default" in one}


def resolve(schema: Schema, definitions: Schema) -> Schema:
    """The schema that a reference names, with what stands beside the reference."""
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    return {**definitions[name], **schema} if name in definitions else schema


def _alternatives(schema: Schema, definitions: Schema) -> tuple[list[Schema], bool]:
    """What a value may be other than null, and whether it may be null."""
    every = [resolve(one, definitions) for one in schema.get("anyOf", [schema])]
    there = [one for one in every if one.get("type") != "null"]
    return there, len(there) < len(every)


def _field(name: str, schema: Schema, definitions: Schema) -> OptionField:
    alternatives, nullable = _alternatives(schema, definitions)
    only = alternatives[0] if len(alternatives) == 1 else {}
    kind, choices = _kind(only, nullable, definitions)
    return OptionField(
        name,
        kind,
        schema.get("default", ABSENT),
        choices,
        only.get("type") == "integer",
        only.get("minimum", only.get("exclusiveMinimum")),
        only.get("maximum", only.get("exclusiveMaximum")),
        _paragraph(schema.get("description", "")),
    )


def _kind(schema: Schema, nullable: bool, definitions: Schema) -> tuple[Kind, tuple[Any, ...]]:
    """How a value is asked for, and what there is to choose from. `{}` stands for what has several forms."""
    match schema.get("type"):
        case _ if "enum" in schema:
            return "choice", tuple(schema["enum"])
        case "boolean":
            return ("choice", FALSE_AND_TRUE) if nullable else ("switch", ())
        case "integer" | "number":
            return "number", ()
        case "string":
            return "text", ()
        case "array":
            choices = _choices(resolve(schema.get("items", {}), definitions))
            return ("several", choices) if choices and not nullable else ("yaml", ())
        case _:
            return "yaml", ()


def _choices(items: Schema) -> tuple[Any, ...]:
    return FALSE_AND_TRUE if items.get("type") == "boolean" else tuple(items.get("enum", ()))


def _bounds(lowest: float | None, highest: float | None) -> str:
    if lowest is None or highest is None or highest > WORTH_SAYING:
        return ""
    return f"{lowest:,} to {highest:,}"


def _paragraph(text: str) -> str:
    """The first paragraph of a description, on one line, without the marks of code."""
    return " ".join(text.replace("`", "").split("\n\n", maxsplit=1)[0].split())


def shown(value: Any) -> str:
    """A choice in words: no, yes, or the value itself."""
    return {False: "no", True: "yes"}[value] if isinstance(value, bool) else str(value)


def ordered(chosen: Sequence[Any], choices: Sequence[Any]) -> list[Any]:
    """What was chosen in the order of the choices; what is none of them comes last, as it was written."""
    return [one for one in choices if one in chosen] + [one for one in chosen if one not in choices]
