"""What the service says over HTTP of how a candidate came about."""

from __future__ import annotations

from typing import Any

from .views import View


class ChangeView(View):
    """One thing that differs between parent and child; null where a network has no such thing.

    `name` is a position of the search space (`stage2.layer1.kernel`), a width that was cut, or a count of nodes.
    """

    name: str
    before: Any
    after: Any


class StepView(View):
    """From a first parent to its child: all that matters in the one or the other, and differs."""

    parent_id: str
    candidate_id: str
    changes: list[ChangeView]
