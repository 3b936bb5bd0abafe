"""What is loaded when the service starts is not looked through again."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import gc
from nas_service import memory
loaded = [object() for _ in range(3)], {}
loaded[1]["me"] = loaded
memory.settle()
assert gc.get_freeze_count() > 1000, gc.get_freeze_count()
assert not any(one is loaded for one in gc.get_objects())
assert gc.get_threshold() == memory.THRESHOLDS
"""


def test_a_process_that_has_settled() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=60)
