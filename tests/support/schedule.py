"""Which tests one process gets together, where `-n` asks for several: those that share a service or a browser."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

SHARED = (  # the files of a folder share one service...
    "tests/e2e/",
    "tests/nas_service/dashboard/browser/",
)
ON_THEIR_OWN = (
    "test_guides.py",
    "test_topic_guides.py",
    "test_own_data_guide.py",
    "test_restart.py",
)  # ...except these
SINGLE = (  # each of these tests starts what it needs
    "tests/docs/test_own_guides.py",
    "tests/chaos/test_kill.py",
)
ENOUGH = 2  # tests that a process knows of: one runs, and the fixtures that end with it depend on the next


class Units(LoadScopeScheduling):
    """A file is a unit, so that what its fixtures start is started once. Units go out in the order of collection."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file in SINGLE:
            return nodeid
        folder = next((one for one in SHARED if file.startswith(one)), "")
        return folder if folder and not file.endswith(ON_THEIR_OWN) else file

    def _reschedule(self, node: WorkerController) -> None:
        """Give a process no unit that another one would come to sooner."""
        if not self.workqueue or self._pending_of(self.assigned_work[node]) < ENOUGH:
            super()._reschedule(node)
