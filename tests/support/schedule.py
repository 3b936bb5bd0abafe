"""Which tests one process gets together, where `-n` asks for several: those that share a service or a browser."""

from __future__ import annotations

from fnmatch import fnmatch

from long_units import rank
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

SHARED = (  # files of one pattern share one service and one browser...
    "tests/e2e/*",
    "tests/nas_service/dashboard/browser/test_[a-j]*",
    "tests/nas_service/dashboard/browser/test_[k-z]*",  # which begin in two processes: in one there is one page server
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
LONG_AT_ONCE = 2  # or their services and browsers would wait for one another's
ENOUGH = 2  # tests that a process knows of: one runs, and the fixtures that end with it depend on the next


class Units(LoadScopeScheduling):
    """A file is a unit, so that what its fixtures start is started once.

    Units go out in the order of collection, but long ones from the beginning on, while others fill what they leave: at
    the end, each process has little left.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file in SINGLE:
            return nodeid
        shared = next((pattern for pattern in SHARED if fnmatch(file, pattern)), "")
        return shared if shared and not file.endswith(ON_THEIR_OWN) else file

    def _assign_work_unit(self, node: WorkerController) -> None:
        under_way = sum(self._has_long(one) for one in self.nodes)
        wanted = under_way < LONG_AT_ONCE and not self._has_long(node)
        chosen = next((scope for scope in self.workqueue if bool(rank(scope)) is wanted), next(iter(self.workqueue)))
        self.workqueue.move_to_end(chosen, last=False)
        super()._assign_work_unit(node)

    def _has_long(self, node: WorkerController) -> bool:
        units = self.assigned_work[node].items()
        return any(rank(scope) and not all(unit.values()) for scope, unit in units)

    def _reschedule(self, node: WorkerController) -> None:
        """Give a process no unit that another one would come to sooner."""
        if not self.workqueue or self._pending_of(self.assigned_work[node]) < ENOUGH:
            super()._reschedule(node)
