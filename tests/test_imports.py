"""The arrows between packages point one way, and heavy libraries stay where they belong (module level only)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("device_agent", "search_spaces", "latency_tables", "workers", "nas_service")  # each may import those before it
COORDINATOR_ONLY = {"sqlalchemy", "alembic", "psycopg", "fastapi", "uvicorn", "nicegui", "typer"}
FILES = [path.relative_to(ROOT) for package in OURS for path in sorted((ROOT / package).rglob("*.py"))]


def imported(node: ast.AST, everywhere: bool) -> Iterator[str]:
    """Top-level names of absolute imports; those inside functions and `if TYPE_CHECKING` only if `everywhere`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name.split(".")[0] for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and not child.level:
            yield (child.module or "").split(".")[0]
        elif everywhere or not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.If):
            yield from imported(child, everywhere)


def forbidden_anywhere(path: Path) -> set[str]:
    package = path.parts[0]
    if package == "device_agent":
        return {*OURS} - {package}
    later = set(OURS[OURS.index(package) + 1 :])
    return later if package == "nas_service" else later | COORDINATOR_ONLY


def forbidden_at_module_level(path: Path) -> set[str]:
    if path.parts[0] == "nas_service":
        return {"torch", "ray", "onnx", "onnxruntime"}
    in_modules = path.parts[:2] == ("search_spaces", "modules")
    return {"torch", "onnx", "onnxruntime"} if path.parts[0] == "search_spaces" and not in_modules else set()


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_point_one_way(path: Path) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert not set(imported(tree, everywhere=True)) & forbidden_anywhere(path)
    assert not set(imported(tree, everywhere=False)) & forbidden_at_module_level(path)


def test_an_agent_needs_numpy_and_onnxruntime_only() -> None:
    """Whatever it imports, wherever in a file."""
    files = [path for path in FILES if path.parts[0] == "device_agent"]
    found = {name for path in files for name in imported(ast.parse((ROOT / path).read_text()), everywhere=True)}
    assert found <= {*sys.stdlib_module_names, "device_agent", "numpy", "onnxruntime"}


def test_every_package_is_looked_at() -> None:
    assert {path.parts[0] for path in FILES} == set(OURS)


def test_coordinator_loads_no_heavy_library() -> None:
    """The API and the command line start without torch or Ray, whatever they import of the packages below."""
    code = """if True:
        import importlib, pkgutil, sys, nas_service
        for module in pkgutil.walk_packages(nas_service.__path__, "nas_service."):
            if not {"migrations", "versions", "__main__"} & set(module.name.split(".")):
                importlib.import_module(module.name)
        print(*{"torch", "ray", "onnx", "onnxruntime"} & set(sys.modules))
    """
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert not ended.stdout.split()


@pytest.mark.parametrize(
    ("source", "everywhere", "found"),
    [
        ("import torch.nn as nn", False, {"torch"}),
        ("def f():\n    from ray import get", False, set()),
        ("def f():\n    from ray import get", True, {"ray"}),
        ("try:\n    import torch\nexcept ImportError:\n    pass", False, {"torch"}),
        ("from .torch import x", True, set()),
    ],
)
def test_what_counts_as_an_import(source: str, everywhere: bool, found: set[str]) -> None:
    assert set(imported(ast.parse(source), everywhere)) == found
