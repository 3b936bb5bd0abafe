"""The database of the service: the truth about every job. One module a noun; records come out, rows stay in."""

from .engine import Store, disk_is_full
from .records import (
    Campaign,
    Candidate,
    Claim,
    Event,
    Export,
    Job,
    Key,
    Known,
    Lease,
    NewCandidate,
    NewProposal,
    NewTrial,
    Quota,
    Start,
    Trial,
)

__all__ = [
    "Campaign",
    "Candidate",
    "Claim",
    "Event",
    "Export",
    "Job",
    "Key",
    "Known",
    "Lease",
    "NewCandidate",
    "NewProposal",
    "NewTrial",
    "Quota",
    "Start",
    "Store",
    "Trial",
    "disk_is_full",
]
