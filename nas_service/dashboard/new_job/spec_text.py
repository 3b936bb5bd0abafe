"""A job spec as YAML text and as a dictionary, and changes to one that leave the rest as it was written. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

import yaml

from nas_service.spec import LARGEST_SPEC_BYTES

Path = tuple[str, ...]
WIDTH: Final = 72


class Absent(Enum):
    """The value of a key that is not there, which null is not."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


class SpecDumper(yaml.SafeDumper):
    """Block style, but for what fits on a line as `{...}` or `[...]`; what is repeated is written out."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


def _on_one_line(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if "\n" in text else None)


SpecDumper.add_representer(str, _on_one_line)


def read(text: str) -> dict[str, Any]:
    """The spec that a text holds; an empty one holds `{}`. Raises ValueError that says where the text is no YAML."""
    if len(text) > LARGEST_SPEC_BYTES:
        raise ValueError(f"a job spec has at most {LARGEST_SPEC_BYTES:,} characters")
    found = value_of(text)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ValueError("expected keys such as space, task and budget")
    return found


def value_of(text: str) -> Any:
    """A value as it is written in YAML. Raises ValueError that says where the text is none."""
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ValueError(f"this is no YAML: {error.problem}{where}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(f"this is no YAML: {error}") from None
    except RecursionError:
        raise ValueError("this YAML is nested too deeply") from None


def flow(value: Any) -> str:
    """A value on one line, `[16, 24]`."""
    text = yaml.dump(value, Dumper=SpecDumper, default_flow_style=True, sort_keys=False, width=10**6)
    return text.removesuffix("\n").removesuffix("\n...")


def write(spec: Mapping[str, Any]) -> str:
    """The spec as YAML, a part a line where it is short enough."""
    return "".join(_entry(key, value, 0) for key, value in spec.items())


def _entry(key: str, value: Any, indent: int) -> str:
    """A key with its value, below it where a line would be too long."""
    line = f"{' ' * indent}{flow(key)}: {flow(value)}\n"
    if len(line) <= WIDTH or not (isinstance(value, dict) and value):
        return line
    return f"{' ' * indent}{flow(key)}:\n" + "".join(_entry(k, v, indent + 2) for k, v in value.items())


def rewritten(text: str, spec: Mapping[str, Any]) -> str:
    """The text changed so that it holds `spec`: parts that differ are written anew, comments elsewhere stay."""
    try:
        spliced = _spliced(text, spec)
        if read(spliced) == spec:
            return spliced
    except ValueError:
        pass  # a text that is no YAML, or whose parts refer to each other
    return write(spec)


def _spliced(text: str, spec: Mapping[str, Any]) -> str:
    """Each changed part replaced in its place, those that are gone cut out, new ones at the end."""
    before = read(text)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return write(spec)
    result, done = [], 0
    for key, value in root.value:
        name, start, end = key.value, key.start_mark.index, _end(value)
        if name in spec and spec[name] == before.get(name):
            continue
        result += [text[done:start], _entry(name, spec[name], 0).removesuffix("\n") if name in spec else ""]
        done = end if name in spec else _next_line(text, end)
    rest = text[done:]
    rest += "\n" if (result or rest) and not rest.endswith("\n") and rest else ""
    return "".join(result) + rest + "".join(_entry(name, spec[name], 0) for name in spec if name not in before)


def _end(node: yaml.Node) -> int:
    """Where what is written of a value ends; a block's own mark is where the next part begins."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1])
    return int(node.end_mark.index)


def _next_line(text: str, at: int) -> int:
    return text.find("\n", at) + 1 or len(text)


def at(spec: Any, path: Path) -> Any:
    """The value at a path, `ABSENT` where there is none."""
    for key in path:
        if not isinstance(spec, Mapping) or key not in spec:
            return ABSENT
        spec = spec[key]
    return spec


def changed(spec: Mapping[str, Any], path: Path, value: Any, *, kept: int = 0) -> dict[str, Any]:
    """The spec with another value at a path, or without it where the value is `ABSENT`.

    Parts that this leaves empty go with it, but for those of the first `kept` keys of the path.
    """
    if value is ABSENT and at(spec, path) is ABSENT:
        return dict(spec)
    key, *rest = path
    result = dict(spec)
    if rest:
        inner = spec[key] if isinstance(spec.get(key), Mapping) else {}
        value = changed(inner, tuple(rest), value, kept=kept - 1) or ({} if kept > 0 else ABSENT)
    if value is ABSENT:
        result.pop(key, None)
    else:
        result[key] = value
    return result


def without_defaults(value: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from the defaults, by key; a part that is the same in all of its keys is left out."""
    return {key: found for key, found in value.items() if found != defaults.get(key, ABSENT)}
