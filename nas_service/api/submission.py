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

from nas_service.admission import parse, refuse_hopeless
from nas_service.errors import ServiceError
from nas_service.preview import Preview, preview
from nas_service.remote_data import refuse_unseen
from nas_service.search import Search
from nas_service.store import Job, events, jobs, trials
from nas_service.warm_start import resolved
from nas_service.webhooks import refuse_forbidden

from .beginning import earlier
from .service import Service

ALPHABET = string.ascii_lowercase + string.digits
ID_LENGTH = 8
ATTEMPTS = 5  # at a number or an id that another submission of the same moment took
LONGEST_KEY = 200


def submit(
    service: Service, spec: dict[str, Any], idempotency_key: str | None = None, owner: str = ""
) -> tuple[Job, bool]:
    """Check and store a job of `owner`; whether it is new, or the one that the owner made with this idempotency key.

    Where it is not known whether every worker sees the data, an event of type `data` says so; one of type `warm_start`
    tells which networks of other jobs it begins with.

    Raises InvalidSpec for a spec that cannot run, Conflict for a key that was used for another spec.
    """
    check_key(idempotency_key)
    search, begins = _prepared(service, spec)
    refuse_hopeless(search)
    refuse_forbidden(search.spec, service.settings.hosts_for_webhooks)
    unchecked = refuse_unseen(search.task, search.spec.workers, service.dispatcher)
    notes = {name: said for name, said in (("data", unchecked), ("warm_start", begins)) if said}
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(IntegrityError):
            return _store(service, search, _hash(spec), idempotency_key, owner, notes)
    return _store(service, search, _hash(spec), idempotency_key, owner, notes)


def look_ahead(service: Service, spec: dict[str, Any]) -> Preview:
    """What a job with this spec would be like; nothing is stored. Raises InvalidSpec for a spec that cannot run."""
    search, begins = _prepared(service, spec)
    search.strategy()
    refuse_forbidden(search.spec, service.settings.hosts_for_webhooks)
    unchecked = refuse_unseen(search.task, search.spec.workers, service.dispatcher)
    with service.store.read() as conn:
        measured = trials.measured(conn)
    found = preview(search, measured, service.dispatcher.cluster().total)
    return replace(found, unchecked=unchecked, warm_start=begins)


def _prepared(service: Service, spec: dict[str, Any]) -> tuple[Search, str]:
    """The search with the networks that it begins with, and what is to be said of those of other jobs."""
    return resolved(Search.prepare(parse(spec), service.settings.tables), lambda job_id: earlier(service, job_id))


def _store(
    service: Service, search: Search, spec_hash: str, idempotency_key: str | None, owner: str, notes: dict[str, str]
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
            owner=owner,
        )
        new = job.id == job_id
        if new:
            events.append(conn, job.id, at, [(name, {"message": said}) for name, said in notes.items()])
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
