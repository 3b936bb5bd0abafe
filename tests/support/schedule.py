"""Which tests one process gets together, where `-n` asks for several: those that share a service or a browser."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

SHARED = "tests/e2e/"  # its files share one service and one table...
ON_THEIR_OWN = (
    "test_guides.py",
    "test_topic_guides.py",
    "test_own_data_guide.py",
    "test_restart.py",
)  # ...except these


class Units(LoadScopeScheduling):
    """A file is a unit, so that what its fixtures start is started once. Units go out in the order of collection."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return SHARED if file.startswith(SHARED) and not file.endswith(ON_THEIR_OWN) else file
