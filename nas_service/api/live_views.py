"""What a program that follows the service is told: who it is there, and which jobs and devices have changed."""

from __future__ import annotations

from .views import View


class CallerView(View):
    """Who asks, and what that may do. `keys` says whether the service asks for keys; `version` is the service's."""

    owner: str
    scope: str
    keys: bool
    version: str


class NoticeView(View):
    """That something has changed, and not what: read it anew.

    `ready` begins each connection: whatever was read before may be old. `job` names a job that is new, has gone on or
    was deleted; `last_event` is the number of its last event. `deleted` says that a job which had ended was deleted.
    `device` names a device with another latency table than before, a campaign that has gone on, or an agent that is
    new; without a name, it may be any.
    """

    type: str
    job_id: str = ""
    last_event: int | None = None
    device: str = ""
