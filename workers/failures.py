"""Why a trial failed: exceptions to the cause and the sentence that its report carries."""

from __future__ import annotations

import errno
import sys

from .requests import Cause


class TrialError(Exception):
    """A trial that cannot go on, with its cause and a message that says what would help."""

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


_FULL = (errno.ENOSPC, errno.EDQUOT)
_ALLOCATOR_SAYS = ("out of memory", "can't allocate memory", "not enough memory")


def cause_of(error: BaseException) -> Cause:
    """The cause that a report of this exception names."""
    if isinstance(error, TrialError):
        return error.cause
    if isinstance(error, OSError) and error.errno in _FULL:
        return "disk_full"
    if isinstance(error, MemoryError) or _is_torch_out_of_memory(error):
        return "out_of_memory"
    return "error"


def message_of(error: BaseException) -> str:
    """One sentence or two for the reader of the trial."""
    if isinstance(error, TrialError):
        return str(error)
    text = f"{type(error).__name__}: {error}".rstrip(": ").splitlines()[0][:500]
    if cause_of(error) == "disk_full":
        return f"the disk that artifacts are written to is full ({text}); free space there, or collect with: nas gc"
    if cause_of(error) == "out_of_memory":
        return f"the worker ran out of memory ({text}); lower task.batch_size or the largest resolution of the space"
    return text


def release_memory() -> None:
    """Give cached GPU memory back after a failure. Nothing to do where torch was never loaded."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def _is_torch_out_of_memory(error: BaseException) -> bool:
    """GPU memory has an exception class of its own in torch; its CPU allocator raises a plain RuntimeError."""
    return isinstance(error, RuntimeError) and any(said in str(error).lower() for said in _ALLOCATOR_SAYS)
