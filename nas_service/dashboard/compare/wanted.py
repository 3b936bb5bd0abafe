"""What a comparison is of, as it stands in the address of its page. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from nas_service.api.comparison_views import MOST

from ..page_address import comparison


@dataclass(frozen=True)
class Wanted:
    """Ids. Differences are told against the first: a candidate that is named, else the best of the first job."""

    jobs: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        return (*self.jobs, *self.candidates)

    @property
    def address(self) -> str:
        return comparison(self.jobs, self.candidates)

    @property
    def compared(self) -> Wanted:
        """The first of them, as many as are compared."""
        candidates = self.candidates[:MOST]
        return Wanted(self.jobs[: MOST - len(candidates)], candidates)

    def having(self, named: str) -> Wanted:
        """With this one too. The id of a candidate begins with that of its job and a dot."""
        kind = "candidates" if "." in named else "jobs"
        ids = getattr(self, kind)
        return self if named in ids else replace(self, **{kind: (*ids, named)})

    def without(self, gone: Collection[str]) -> Wanted:
        return Wanted(
            tuple(one for one in self.jobs if one not in gone), tuple(one for one in self.candidates if one not in gone)
        )

    def before_all(self, candidate: str) -> Wanted:
        """With this candidate first, so that the others are told against it."""
        others = self.without([candidate])
        return replace(others, candidates=(candidate, *others.candidates))
