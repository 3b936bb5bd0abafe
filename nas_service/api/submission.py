"""From a spec as it came in to a stored job."""

from __future__ import annotations

import contextlib
import json
import secrets
import string
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from sqlalchemy.exc import IntegrityError

from nas_service.admission import admit, parse
from nas_service.errors import ServiceError
from nas_service.preview import Preview, preview
from nas_service.remote_data import refuse_unseen
from nas_service.search import Search
from nas_service.store import Job, events, jobs, trials
from nas_service.webhooks import refuse_forbidden

from .service import Service

ALPHABET = string.ascii_lowercase + string.digits
ID_LENGTH = 8
ATTEMPTS = 5  # at a number or an id that another submission of the same moment took
LONGEST_KEY = 200


def submit(service: Service, spec: dict[str, Any], idempotency_key: str | None = None) -> tuple[Job, bool]:
    """Check and store a job; whether it is new, or the one that this key made before.

    Where it is not known whether every worker sees the data, an event of type `data` says so.

    Raises InvalidSpec for a spec that cannot run, Conflict for a key that was used for another spec.
    """
    check_key(idempotency_key)
    search = admit(spec, service.settings.tables)
    refuse_forbidden(search.spec, service.settings.hosts_for_webhooks)
    unchecked = refuse_unseen(search.task, search.spec.workers, service.dispatcher)
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(IntegrityError):
            return _store(service, search, _hash(spec), idempotency_key, unchecked)
    return _store(service, search, _hash(spec), idempotency_key, unchecked)


def look_ahead(service: Service, spec: dict[str, Any]) -> Preview:
    """What a job with this spec would be like; nothing is stored. Raises InvalidSpec for a spec that cannot run."""
    search = Search.prepare(parse(spec), service.settings.tables)
    search.strategy()
    refuse_forbidden(search.spec, service.settings.hosts_for_webhooks)
    unchecked = refuse_unseen(search.task, search.spec.workers, service.dispatcher)
    with service.store.read() as conn:
        earlier = trials.measured(conn)
    return replace(preview(search, earlier, service.dispatcher.cluster().total), unchecked=unchecked)


def _store(
    service: Service, search: Search, spec_hash: str, idempotency_key: str | None, unchecked: str
) -> tuple[Job, bool]:
    job_id, at = new_id(), service.clock()
    with service.store.write() as conn:
        job = jobs.submit(
            conn,
            job_id=job_id,
            name=search.spec.name,
            spec=search.filled_in,
            fingerprints=search.fingerprints,
            spec_hash=spec_hash,
            idempotency_key=idempotency_key,
            at=at,
        )
        new = job.id == job_id
        if new and unchecked:
            events.append(conn, job.id, at, [("data", {"message": unchecked})])
    return job, new


def new_id() -> str:
    """A short random id; not a draw of any search."""
    return "".join(secrets.choice(ALPHABET) for _ in range(ID_LENGTH))


def _hash(spec: dict[str, Any]) -> str:
    return blake2b(json.dumps(spec, sort_keys=True).encode(), digest_size=16).hexdigest()


def check_key(key: str | None) -> None:
    """Raises ServiceError for a key that no header or column could hold."""
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise ServiceError(f"expected 1 to {LONGEST_KEY} printable ASCII characters", "Idempotency-Key")
