"""Memory of sessions: on new pages while something is measured, as before afterwards."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from device_agent import pages
from device_agent.pages import SMALL, USUAL, fresh_pages

IN_A_PROCESS_OF_ITS_OWN = """
import ctypes
from device_agent.pages import SMALL, USUAL, fresh_pages

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]

def is_mapped_alone(size):
    block = libc.malloc(size)
    return bool(ctypes.c_size_t.from_address(block - ctypes.sizeof(ctypes.c_size_t)).value & 2)  # glibc's mark

with fresh_pages():
    print(is_mapped_alone(USUAL // 2), is_mapped_alone(SMALL // 2))
print(is_mapped_alone(USUAL // 2))
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"), reason="the C library is not glibc")
def test_large_blocks_get_pages_of_their_own_only_meanwhile():
    said = subprocess.run([sys.executable, "-c", IN_A_PROCESS_OF_ITS_OWN], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["True", "False", "False"]


def test_they_end_with_an_error(monkeypatch):
    asked = []
    monkeypatch.setattr(pages, "_mallopt", lambda: lambda what, size: asked.append((what, size)))
    with pytest.raises(ValueError, match="no network"), fresh_pages():
        raise ValueError("no network")
    assert asked == [(pages.MMAP_THRESHOLD, SMALL), (pages.MMAP_THRESHOLD, USUAL)]


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_are_left_as_they_are(monkeypatch, platform):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", None)  # asking for it would fail
    with fresh_pages():
        pass
