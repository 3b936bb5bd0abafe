"""Answers about a search, made up for tests of its charts."""

from __future__ import annotations

from typing import Any

from nas_service.api.search_views import ArmProgress, ChoicesView, GeneView, ProgressView, TraitView
from nas_service.api.views import FrameView


def arm(*, control: bool = False, **other: Any) -> ArmProgress:
    counted = dict.fromkeys(("trials", "result", "over", "partial", "again", "failed", "stopped"), 0)
    return ArmProgress(**{"control": control, "best_reward": None, "hypervolume": None, **counted, **other})


def got_on(kinds: str = "rrr", controls: str = "", *, seconds: float = 60.0, **other: Any) -> ProgressView:
    """A step for each letter: r for a result, p partial, f failed; 1 at its place in `controls` says the control's.

    The reward of the nth step is n / 10, and so are the best and the hypervolume; steps are so many seconds apart.
    """
    named = {"r": "result", "p": "partial", "f": "failed"}
    control = [int(one) for one in (controls or "0" * len(kinds))]
    figures = [n / 10 for n in range(1, len(kinds) + 1)]
    both = [arm(), arm(control=True)] if controls else [arm()]
    usual: dict[str, Any] = {
        "job_id": "j",
        "metric": "val_accuracy",
        "cost": "macs",
        "started_at": 1000.0,
        "frame": FrameView(reference=(0.0, 9.0), ideal=(1.0, 1.0)),
        "total": len(kinds),
        "arms": both,
        "id": [f"j.c{n}" for n in range(len(kinds))],
        "trial": [control[: n + 1].count(control[n]) for n in range(len(kinds))],
        "at": [1000.0 + seconds * n for n in range(1, len(kinds) + 1)],
        "control": control,
        "kind": [named[one] for one in kinds],
        "reward": [None if one == "f" else figure for one, figure in zip(kinds, figures, strict=True)],
        "best": figures,
        "hypervolume": figures,
    }
    return ProgressView(**usual | other)


def gene(name: str = "stage1.op", values: tuple[Any, ...] = ("conv", "mbconv"), *counts: list[int]) -> GeneView:
    return GeneView(name=name, values=list(values), counts=[*counts] or [[3, 1], [1, 4]])


def trait(name: str = "connections", *means: float | None) -> TraitView:
    """Its least is one below and its most one above the mean."""
    shown = list(means) or [4.0, 8.0]
    least, most = ([None if mean is None else mean + step for mean in shown] for step in (-1, 1))
    return TraitView(name=name, least=least, mean=shown, most=most)


def chosen(genes: list[GeneView] | None = None, traits: list[TraitView] | None = None, **other: Any) -> ChoicesView:
    genes = [gene()] if genes is None else genes
    columns = len(genes[0].counts if genes else traits[0].mean if traits else [])
    usual: dict[str, Any] = {
        "job_id": "j",
        "by": "population",
        "size": 1,
        "population": 5,
        "first": [5 * n + 1 for n in range(columns)],
        "last": [5 * n + 5 for n in range(columns)],
        "networks": [5] * columns,
        "generation": [],
        "fixed": 0,
        "genes": genes,
        "traits": traits or [],
        "note": "",
    }
    return ChoicesView(**usual | other)
