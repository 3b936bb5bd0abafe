"""The classes that pages take from Tailwind, whose own script is not on them."""

from __future__ import annotations

import re
from pathlib import Path

import nas_service.dashboard
from nas_service.dashboard.base import CLASSES

SOURCES = Path(nas_service.dashboard.__file__).parent.rglob("*.py")
USED = re.compile(r"""classes\(\s*(?:add=)?f?"([^"]*)""")
TAILWINDS = re.compile(
    r"-?(?:[whpm]|[pm][xytblr]|min|max|size|gap|space|text|font|leading|tracking|items|justify|self|content|grow|shrink"
    r"|basis|grid|col|row|rounded|border|bg|opacity|overflow|whitespace|break|z|top|left|right|bottom|inset)-.+|truncate|grow"
)


def test_every_class_that_pages_take_from_tailwind_has_a_rule() -> None:
    used = {name for source in SOURCES for found in USED.findall(source.read_text()) for name in found.split()}
    assert {"w-full", "text-sm"} <= used
    assert {name for name in used if TAILWINDS.fullmatch(name)} <= CLASSES.keys()
