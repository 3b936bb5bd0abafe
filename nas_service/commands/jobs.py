"""`nas submit`, `jobs`, `show`, `pause`, `resume`, `cancel`, `prioritise`, `extend`, `delete`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from ..api.views import ArmView, CandidateView, ComparisonView, JobSummary, JobView
from ..client import Client
from ..durations import spoken
from ..spec import read_spec
from .terminal import DEFAULT_URL, AsJson, JobId, Server, UserError, connected, print_json, show_table, when
from .watch import follow

SHOWN = 20  # candidates of a front, and jobs where no other number is asked for
COLUMNS = ("job", "name", "owner", "state", "trials", "best reward", "saved", "submitted")

SpecFile = Annotated[Path, typer.Argument(metavar="SPEC", help="job spec, YAML or JSON")]
Key = Annotated[str | None, typer.Option(help="submit once, however often this runs with the same key")]


def submit(
    spec: SpecFile,
    wait: Annotated[bool, typer.Option("--wait", help="follow the job until it ends")] = False,
    idempotency_key: Key = None,
    server: Server = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Submit a job; prints its id."""
    with connected(server) as client:
        job = client.submit(read(spec), idempotency_key)
        if wait:
            job = follow(client, job.id, quiet=as_json)
        compared = _comparison(client, job) if wait and not as_json else None
    if as_json:
        print_json(job)
    elif wait:
        _describe(job, compared)
    else:
        typer.echo(job.id)
    _fail_unless_useful(job)


def list_jobs(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="how many, newest first")] = SHOWN,
    owner: Annotated[str | None, typer.Option(metavar="NAME", help="those of this owner alone")] = None,
    server: Server = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    with connected(server) as client:
        found = list(islice(client.jobs(owner=owner), limit))
    if as_json:
        print_json(found)
    elif found:
        show_table(COLUMNS, [_row(job) for job in found])
    else:
        typer.echo("no jobs yet; submit one with: nas submit SPEC.yaml")


def show(job: JobId, server: Server = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show one job: where it stands, and its Pareto front."""
    with connected(server) as client:
        found = client.job(job)
        front = [] if as_json else client.pareto(job)
        compared = None if as_json else _comparison(client, found)
    if as_json:
        print_json(found)
    else:
        _describe(found, compared)
        _show_front(found, front)


def pause(job: JobId, server: Server = DEFAULT_URL) -> None:
    """Send no more trials; those that run end."""
    with connected(server) as client:
        _say(client.pause(job))


def resume(job: JobId, server: Server = DEFAULT_URL) -> None:
    """Go on with a paused job."""
    with connected(server) as client:
        _say(client.resume(job))


def cancel(job: JobId, server: Server = DEFAULT_URL) -> None:
    """End a job for good; its candidates stay."""
    with connected(server) as client:
        _say(client.cancel(job))


def prioritise(
    job: JobId,
    priority: Annotated[int, typer.Argument(min=-100, max=100, help="0 unless it was changed; higher goes first")],
    server: Server = DEFAULT_URL,
) -> None:
    """Put a job before or behind the other jobs of its owner; what runs is not interrupted."""
    with connected(server) as client:
        changed = client.prioritise(job, priority)
    typer.echo(f"job {changed.id} has priority {changed.priority}")


def extend(
    job: JobId,
    trials: Annotated[int | None, typer.Option(min=1, help="so many more")] = None,
    hours: Annotated[float | None, typer.Option(min=0, help="so many more")] = None,
    idempotency_key: Annotated[str | None, typer.Option(help="extend once, however often this runs with it")] = None,
    server: Server = DEFAULT_URL,
) -> None:
    """Give a job more trials or hours; one that has finished or is exhausted goes on."""
    with connected(server) as client:
        extended = client.extend(job, trials=trials, hours=hours, idempotency_key=idempotency_key)
    until = "" if extended.hours_budget is None else f" or {extended.hours_budget:g} hours"
    typer.echo(f"job {extended.id} is {extended.state}: it ends after {extended.trials_budget} trials{until}")


def delete(job: JobId, server: Server = DEFAULT_URL) -> None:
    """Delete a job that has ended, with its candidates, exports and weights."""
    with connected(server) as client:
        client.delete(job)
    typer.echo(f"job {job} is deleted")


def read(spec: Path) -> dict[str, object]:
    try:
        return read_spec(spec)
    except OSError as error:
        raise UserError(f"{spec} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{spec} is no text in UTF-8, so it is no job spec") from None
    except ValueError as error:
        raise UserError(str(error)) from None


def _fail_unless_useful(job: JobSummary) -> None:
    """A job that was waited for and failed is a failure of the command, for scripts."""
    if job.state == "failed":
        raise typer.Exit(1)


def _say(job: JobView) -> None:
    typer.echo(f"job {job.id} is {job.state}" + (f": {job.reason}" if job.reason else ""))


def _row(job: JobSummary) -> list[str]:
    reward = "–" if job.best_reward is None else f"{job.best_reward:.4f}"
    return [
        job.id,
        job.name,
        job.owner or "–",
        job.state,
        f"{job.completed + job.failed}/{job.trials_budget}",
        reward,
        spoken(job.saved_seconds) if job.saved_seconds else "–",
        when(job.created_at),
    ]


def _comparison(client: Client, job: JobView) -> ComparisonView | None:
    """The search beside its control, for a job that has one."""
    return None if job.spec.get("control") is None else client.comparison(job.id)


def _describe(job: JobView, compared: ComparisonView | None) -> None:
    limits = ", ".join(f"{name} {limit:g}" for name, limit in job.limits.items()) or "none"
    lines = {
        "job": f"{job.id}  {job.name}",
        **({"owner": job.owner} if job.owner else {}),
        "state": job.state + (f": {job.reason}" if job.reason else ""),
        "search": f"{job.strategy} over {job.space} for {job.task}" + (f" on {job.device}" if job.device else ""),
        "objective": f"{job.metric} against {job.cost}, limits: {limits}",
        **_begins(job),
        "trials": f"{job.completed} completed, {job.failed} failed, of {job.trials_budget}",
        "proposals": f"{job.proposals}, of which {job.infeasible} over a limit and {job.reused} known already",
        "saved": f"{spoken(job.saved_seconds)} of training, by results that were reused",
        "best": "none yet" if job.best_reward is None else f"{job.incumbent}  reward {job.best_reward:.4f}",
        "time": f"submitted {when(job.created_at)}, started {when(job.started_at)}, ended {when(job.ended_at)}",
    }
    for name, text in lines.items():
        typer.echo(f"{name:<10} {text}")
    if compared is not None:
        _show_comparison(compared)


def _begins(job: JobView) -> dict[str, str]:
    """The networks that a job begins with, if any."""
    begun = job.spec.get("warm_start")
    if begun is None:
        return {}
    told = []
    if begun["genotypes"]:
        told.append(f"{len(begun['genotypes'])} given networks")
    if begun["jobs"]:
        told.append(f"{len(begun['resolved'] or [])} networks of {', '.join(begun['jobs'])}")
    return {"begins": f"with {' and '.join(told)}"}


def _show_comparison(found: ComparisonView) -> None:
    typer.echo(f"{'control':<10} {found.note}\n")
    columns = ["", "trials", "candidates", "best reward", "hypervolume", f"of {found.subset}", "95 %"]
    show_table(columns, [_arm_row("search", found.search), _arm_row("random", found.control)])


def _arm_row(name: str, arm: ArmView) -> list[str]:
    figures = ("–" if value is None else f"{value:.4f}" for value in (arm.best_reward, arm.hypervolume, arm.mean))
    interval = "–" if arm.low is None else f"{arm.low:.2f} to {arm.high:.2f}"
    return [name, f"{arm.trials:,}", f"{arm.candidates:,}", *figures, interval]


def _show_front(job: JobView, front: Sequence[CandidateView]) -> None:
    if not front:
        return
    typer.echo(
        f"\nPareto front, cheapest first ({len(front)} candidates"
        + (f", the first {SHOWN})" if len(front) > SHOWN else ")")
    )
    columns = ["candidate", job.metric, "latency ms", "params", "MACs", "reward", "result"]
    show_table(columns, [_front_row(job, candidate) for candidate in front[:SHOWN]])


def _front_row(job: JobView, candidate: CandidateView) -> list[str]:
    latency = "–"
    if candidate.latency_ms is not None:
        latency = f"{candidate.latency_ms:.3f} ± {candidate.latency_error_ms or 0:.3f}"
    reward = "–" if candidate.reward is None else f"{candidate.reward:.4f}"
    metric = candidate.metrics.get(job.metric)
    shown = "–" if metric is None else f"{metric:.4f}"
    result = "trained" if candidate.reused_from is None else "reused"
    return [candidate.id, shown, latency, f"{candidate.params:,}", f"{candidate.macs:,}", reward, result]
