"""What a plug-in has to be, and what is said of one that is not; packages are laid out as pip does it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from search_spaces import SearchSpace
from search_spaces.plugins import Plugins, load_plugins

GROUP = "nas.search_spaces"
GOOD = """
from search_spaces import SearchSpace
class Space(SearchSpace):
    name, version, kinds, summary = "mine", 1, ("image",), "a space"
    def _bind(self, signature): ...
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package of one module with one entry point where this process finds it."""
    monkeypatch.syspath_prepend(tmp_path)
    packages: list[str] = []

    def installed(package: str, source: str, entry: str = "mine") -> None:
        packages.append(package)
        (tmp_path / f"{package}_module.py").write_text(source)
        info = tmp_path / f"{package}-2.1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 2.1\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{entry} = {package}_module:Space\n")

    yield installed
    for package in packages:
        sys.modules.pop(f"{package}_module", None)


def loaded() -> Plugins:
    return load_plugins(GROUP, SearchSpace, {"mobilenetv3"})


def test_a_plug_in_that_keeps_the_contract(install: Install) -> None:
    install("fine", GOOD)
    assert loaded().classes["mine"]().name == "mine"
    (listed,) = loaded().listed
    assert (listed.name, listed.package, listed.version, listed.problem) == ("mine", "fine", "2.1", "")
    assert loaded().why_not("mine") == loaded().why_not("another") == ""


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (
            "import no_such_module_anywhere",
            "failed with ModuleNotFoundError: No module named 'no_such_module_anywhere'",
        ),
        ("Space = 1 / 0", "failed with ZeroDivisionError: division by zero"),
        ("import sys; sys.exit('no licence')", "failed with SystemExit: no licence"),
        ("class Spice: ...", "failed with AttributeError: "),
        ("class Space: ...", r"odd_module:Space is no SearchSpace; derive it from search_spaces\.space\.SearchSpace"),
        ("Space = 3", "is no SearchSpace"),
        (GOOD.replace("_bind", "bind_"), "odd_module:Space lacks _bind"),
        (GOOD.replace('kinds, summary = "mine", 1, ("image",), "a space"', 'x = "mine", 1, 2'), "state kinds, summary"),
        (GOOD.replace('"mine"', '"yours"'), "calls itself 'yours'; the entry point has to have the same name"),
    ],
)
def test_one_that_does_not_is_named_with_the_reason(install: Install, source: str, problem: str) -> None:
    install("odd", source)
    assert loaded().classes == {}
    assert re.search(problem, loaded().listed[0].problem)
    assert "plug-in 'mine' (nas.search_spaces) of odd 2.1 cannot be used: " in loaded().why_not("mine")


def test_names_are_taken_once(install: Install) -> None:
    install("first", GOOD)
    install("second", GOOD)
    install("third", GOOD.replace('"mine"', '"mobilenetv3"'), entry="mobilenetv3")
    assert [(p.package, "is taken" in p.problem) for p in loaded().listed] == [
        ("first", False),
        ("second", True),
        ("third", True),
    ]
    assert loaded().classes["mine"].__module__ == "first_module"
    assert loaded().classes.keys() == {"mine"}
