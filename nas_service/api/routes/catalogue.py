"""What a job may name: search spaces, strategies and tasks, with the schema of their options, and plug-ins."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from nas_service.api.views import CatalogueEntry, SpaceEntry
from nas_service.plugins import installed
from nas_service.spec import JobSpec
from nas_service.strategies import strategy_classes
from search_spaces import SearchSpace, space_classes
from search_spaces.plugins import Plugin
from workers.tasks import task_classes

router = APIRouter(tags=["catalogue"])


@router.get("/spaces")
def spaces() -> list[SpaceEntry]:
    """Search spaces."""
    return [_space(found) for _, found in sorted(space_classes().items())]


@router.get("/strategies")
def strategies() -> list[CatalogueEntry]:
    """Search strategies; their options stand beside `name` in a job's `strategy`."""
    return [
        CatalogueEntry(name=name, summary=found.summary, version=None, options=found.Options.model_json_schema())
        for name, found in sorted(strategy_classes().items())
    ]


@router.get("/tasks")
def tasks() -> list[CatalogueEntry]:
    """Tasks; their options stand beside `name` in a job's `task`."""
    return [
        CatalogueEntry(
            name=name, summary=found.summary, version=found.version, options=found.Options.model_json_schema()
        )
        for name, found in sorted(task_classes().items())
    ]


@router.get("/spec")
def spec_schema() -> dict[str, Any]:
    """The JSON schema of a job spec. What may be named in it, and with which options, the other lists here say."""
    return JobSpec.model_json_schema()


@router.get("/plugins")
def plugins() -> list[Plugin]:
    """What installed packages add; `problem` says why one cannot be used, or is empty."""
    return installed()


def _space(found: type[SearchSpace]) -> SpaceEntry:
    return SpaceEntry(
        name=found.name,
        summary=found.summary,
        version=found.version,
        options=found.Options.model_json_schema(),
        kinds=list(found.kinds),
        references=list(found().references),
    )
