"""From claims to evaluation requests: everything a worker needs, read from the database and the job's search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection

from nas_service.store import Claim, Export, candidates, exports, trials
from nas_service.store.trials import Open
from workers.requests import EvaluationRequest, Fidelity, Resources, TrialRequest

from .run import Run


def evaluations(
    conn: Connection, run: Run, claims: Sequence[Claim], artifacts: str, at: float
) -> list[EvaluationRequest]:
    """One request a claim, with its trials; the trials count as running from here on."""
    by_request: dict[str, list[TrialRequest]] = {claim.request_id: [] for claim in claims}
    found = trials.of_requests(conn, list(by_request))
    for trial in found:
        by_request[trial.request_id].append(_trial(run, trial))
    trials.start(conn, [trial.id for trial in found], at)
    candidates.set_state(conn, [trial.candidate_id for trial in found], "running", sources=("proposed",))
    return [evaluation(run, c.request_id, c.attempt, by_request[c.request_id], artifacts) for c in claims]


def evaluation(
    run: Run, request_id: str, attempt: int, wanted: Sequence[TrialRequest], artifacts: str
) -> EvaluationRequest:
    """The request that has these trials run."""
    timeout_s, resources = _timeout(run, len(wanted)), _resources(run)
    return EvaluationRequest(
        request_id, attempt, "evaluate", run.search.written_task, tuple(wanted), artifacts, resources, timeout_s
    )


def export(
    conn: Connection, run: Run, request_id: str, attempt: int, wanted: Export, artifacts: str
) -> EvaluationRequest:
    """The request that trains a candidate to the end, exports and checks it."""
    candidate = candidates.get(conn, wanted.candidate_id)
    exports.set_state(conn, wanted.id, "running")
    architecture = run.search.bound.architecture(candidate.genotype)
    trial = TrialRequest(wanted.id, architecture.to_json(), Fidelity(wanted.epochs), run.search.spec.seed)
    options = {
        "candidate": candidate.id,
        "genotype": candidate.genotype,
        "estimated_ms": candidate.latency_ms,
        "estimated_error_ms": candidate.latency_error_ms,
        "table_hash": run.search.table.hash if run.search.table else "",
        "setting": asdict(run.search.spec.setting),
        "spec": {name: part for name, part in run.search.filled_in.items() if name != "webhook"},  # may hold a secret
        "lineage": _lineage(conn, candidate.id),
        "int8": wanted.int8,
        "normalise": wanted.normalise,
    }
    return EvaluationRequest(
        request_id, attempt, "export", run.search.written_task, (trial,), artifacts, _resources(run), None, options
    )


def _lineage(conn: Connection, candidate_id: str) -> list[str]:
    """The first parents of a candidate, from its first ancestor to its parent."""
    line = [candidate_id]
    while parents := candidates.get(conn, line[0]).parents:
        if parents[0] in line:
            break
        line.insert(0, parents[0])
    return line[:-1]


def _timeout(run: Run, trials: int) -> float | None:
    one = run.search.spec.workers.timeout_s
    return None if one is None else one * trials


def _resources(run: Run) -> Resources:
    return Resources(run.search.spec.workers.cpus, run.search.spec.workers.gpus)


def _trial(run: Run, trial: Open) -> TrialRequest:
    architecture = run.search.bound.architecture(trial.genotype).to_json()
    fidelity = Fidelity(**trial.fidelity)
    return TrialRequest(trial.id, architecture, fidelity, trial.seed, trial.initial_weights, trial.checkpoint)
