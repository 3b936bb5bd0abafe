"""`nas device`: measure what a search space costs on this machine, list the tables, check one against real networks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from device_agent.rounds import CannotRun, Progress
from device_agent.setting import USUAL, Setting, precision_of, provider_of, threads_of
from latency_tables import (
    Check,
    Coverage,
    Forecast,
    LatencyTable,
    TableError,
    check_table,
    load,
    profile_space,
    table_path,
    table_paths,
)
from search_spaces import BoundSpace, SpaceError
from workers.tasks import TaskError

from ..admission import parse
from ..durations import seconds_of
from ..errors import ServiceError
from ..profiled import covered, cut_space, whole_space
from ..search import parts
from ..settings import Settings
from ..spec import JobSpec, read_spec

app = typer.Typer(help="Latency tables: measure this machine, list what was measured, check it.", no_args_is_help=True)

DEFAULT_BUDGET, EVERYTHING = "10m", "all"
PROFILE_SEED, CHECK_SEED = 0, 1  # the same networks each time, so that a killed profile goes on; others for the check

DeviceName = Annotated[str, typer.Argument(metavar="NAME", help="the device's name, as jobs write it under `device`")]
JobFile = Annotated[Path | None, typer.Option("--for", metavar="SPEC.yaml", help="the job whose space is meant")]
Space = Annotated[str | None, typer.Option("--space", metavar="NAME", help="a whole search space, instead of a job's")]
Resolution = Annotated[int | None, typer.Option(min=8, max=4096, help="input size in pixels, for --space")]
SpaceOptions = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="KEY=VALUE", help="an option of --space as in a spec, such as kernel=[3,5]"),
]
Channels = Annotated[int, typer.Option(min=1, max=4096, help="input channels, for --space")]
Classes = Annotated[int, typer.Option(min=1, max=100_000, help="outputs, for --space")]
SpecFile = Annotated[Path, typer.Option("--for", metavar="SPEC.yaml", help="the job whose space is meant")]
ThreadsOption = Annotated[
    Any, typer.Option("--threads", metavar="N|all", parser=threads_of, help="inference threads; else the spec's, or 1")
]
PrecisionOption = Annotated[
    Any, typer.Option("--precision", metavar="fp32|int8", parser=precision_of, help="else the spec's, or fp32")
]
ProviderOption = Annotated[
    Any, typer.Option("--provider", parser=provider_of, help="of onnxruntime; else the spec's, or the CPU's")
]
Budget = Annotated[
    str,
    typer.Option(metavar="TIME", help="about how long to measure, such as 10m or 1h; 'all' measures every op"),
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for programs")]


@app.command()
def profile(
    name: DeviceName,
    spec_file: JobFile = None,
    space_name: Space = None,
    resolution: Resolution = None,
    option: SpaceOptions = None,
    channels: Channels = 3,
    classes: Classes = 1000,
    threads: ThreadsOption = None,
    precision: PrecisionOption = None,
    provider: ProviderOption = None,
    budget: Budget = DEFAULT_BUDGET,
    fresh: Annotated[bool, typer.Option("--fresh", help="measure everything anew, forget the present table")] = False,
) -> None:
    """Measure the ops that a job, or a whole space, can meet, on this machine, into its latency table.

    What was interrupted goes on where it was. What does not fit into the budget is interpolated, with wider intervals;
    the same command again measures more of it.
    """
    cuts = None
    with user_errors():
        if spec_file is not None and space_name is None:
            spec, space = _of_file(spec_file)
            base, cuts = spec.setting, cut_space(spec, space)
        elif space_name is not None and spec_file is None:
            space = whole_space(space_name, resolution, option or (), channels=channels, classes=classes)
            base = USUAL
        else:
            raise ValueError("say whose ops to measure: either --for SPEC.yaml, or --space NAME")
        setting = base.but(threads, precision, provider)
        path = table_path(Settings().tables, name, setting)
        rng = np.random.default_rng(PROFILE_SEED)
        coverage = covered(space, cuts, rng)
        _warn_of_rest(coverage)
        with _bar("measuring") as progress:
            table = profile_space(
                cuts or space,
                device=name,
                setting=setting,
                path=path,
                rng=rng,
                progress=progress,
                announce=_announce,
                coverage=coverage,
                budget_s=None if budget == EVERYTHING else seconds_of(budget),
                fresh=fresh,
            )
    typer.echo(f"{path}: {len(table.entries)} ops, estimates good to {_percent(table.calibration.relative_error)}")


@app.command(name="list")
def list_tables(as_json: AsJson = False) -> None:
    """The tables that there are, and what each was measured with."""
    rows = [_described(path) for path in table_paths(Settings().tables)]
    if as_json:
        typer.echo(json.dumps(rows))
    elif rows:
        Console().print(_listing(rows))
    else:
        typer.echo("no latency tables yet; make one with: nas device profile local --for SPEC.yaml")


@app.command()
def check(
    name: DeviceName,
    spec_file: SpecFile,
    threads: ThreadsOption = None,
    precision: PrecisionOption = None,
    provider: ProviderOption = None,
    networks: Annotated[int, typer.Option(min=2, max=1000, help="networks to measure")] = 40,
    as_json: AsJson = False,
) -> None:
    """Measure networks that the table has not seen and say how far off its estimates are."""
    with user_errors():
        spec, space = _of_file(spec_file)
        table = _present(name, spec.setting.but(threads, precision, provider))
        rng = np.random.default_rng(CHECK_SEED)
        with _bar("checking") as progress:
            cuts = cut_space(spec, space)
            result = check_table(table, cuts or space, rng=rng, progress=progress, networks=networks)
    figures = _figures(result)
    typer.echo(json.dumps(figures) if as_json else _sentences(figures))


def _of_file(spec_file: Path) -> tuple[JobSpec, BoundSpace]:
    spec = parse(read_spec(spec_file))
    return spec, parts(spec)[-1]


def _present(name: str, setting: Setting) -> LatencyTable:
    path = table_path(Settings().tables, name, setting)
    if not path.exists():
        again = f"nas device profile {name} --for SPEC.yaml {setting.options}"
        raise TableError(f"there is no table {path}; measure one with: {again}")
    return load(path)


@contextmanager
def user_errors() -> Iterator[None]:
    """What the user can put right ends with a sentence on stderr and exit code 2."""
    try:
        yield
    except (SpaceError, TaskError, ServiceError) as error:
        _refuse(f"{error.field}: {error}" if error.field else str(error), error)
    except OSError as error:
        _refuse(f"{error.filename or 'a file'} cannot be used: {error.strerror}", error)
    except ModuleNotFoundError as error:
        _refuse(f"measuring needs {error.name}, which is not installed; run: pip install 'nas-service[worker]'", error)
    except (TableError, ValueError, CannotRun) as error:
        _refuse(str(error), error)


def _refuse(message: str, cause: Exception) -> None:
    typer.echo(f"nas device: {message}", err=True)
    raise typer.Exit(2) from cause


def _warn_of_rest(coverage: Coverage) -> None:
    if not coverage.exhausted:
        typer.echo(
            f"{coverage.samples} sampled architectures have {len(coverage.ops)} ops and still brought new ones: what "
            "was not met is interpolated, with wider intervals; fewer options of the space cover it all",
            err=True,
        )


def _announce(forecast: Forecast) -> None:
    ops, networks = len(forecast.plan.ops), len(forecast.plan.networks)
    typer.echo(
        f"to measure: {ops} ops and {networks} whole networks, about {_duration(forecast.seconds)}; interrupted, the "
        "same command goes on where it was",
        err=True,
    )
    if forecast.left_out:
        typer.echo(
            f"{forecast.left_out} ops that are met less often do not fit into the budget and are interpolated; "
            "--budget 1h, or the same command again, measures more of them",
            err=True,
        )


@contextmanager
def _bar(what: str) -> Iterator[Callable[[Progress], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    clock = (TimeElapsedColumn(), TextColumn("{task.fields[left]}"))
    with Bars(*columns, *clock, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(what, total=None, left="")

        def progress(now: Progress) -> None:
            left = "" if now.seconds_left is None else f"{now.seconds_left:.0f} s left"
            bars.update(bar, completed=now.done, total=now.total, left=left)

        yield progress


def _described(path: Path) -> dict[str, Any]:
    """One table as a row; of one that cannot be used, only where it is and why."""
    try:
        table = load(path)
    except TableError as error:
        return {"path": str(path), "problem": str(error)}
    return {
        "path": str(path),
        "device": table.device.name,
        "cpu": table.device.cpu,
        "setting": str(table.runtime.setting),
        **asdict(table.runtime),
        "ops": len(table.entries),
        "networks": len(table.networks),
        "relative_error": table.calibration.relative_error,
        "hash": table.hash,
        "problem": table.mismatch(setting=table.runtime.setting),
    }


def _listing(rows: list[dict[str, Any]]) -> Table:
    listing = Table(box=None, header_style="bold")
    for heading in ("device", "setting", "ops", "error", "onnxruntime", "cpu", "problem"):
        listing.add_column(heading)
    for row in rows:
        error = _percent(row["relative_error"]) if "relative_error" in row else ""
        shown = [str(row.get(key, "")) for key in ("setting", "ops")]
        rest = [str(row.get(key) or "") for key in ("onnxruntime", "cpu", "problem")]
        listing.add_row(row.get("device", Path(row["path"]).name), *shown, error, *rest)
    return listing


def _figures(result: Check) -> dict[str, Any]:
    return {
        "networks": len(result.measured_ms),
        **asdict(result.errors),
        "slowdown": result.slowdown,
        "mape_at_table_speed": result.at_table_speed.mape,
        "noise_floor": result.noise_floor,
        "covered": result.covered,
        "measured_ms": result.measured_ms,
        "estimated_ms": result.estimated_ms,
    }


def _sentences(figures: dict[str, Any]) -> str:
    return (
        f"{figures['networks']} unseen networks of {min(figures['measured_ms']):.3f} to "
        f"{max(figures['measured_ms']):.3f} ms: mean error {_percent(figures['mape'])} "
        f"(two measurements of one network differ by {_percent(figures['noise_floor'])}), "
        f"bias {figures['bias']:+.1%}\n"
        f"the machine takes {figures['slowdown']:.3f} of the time that it took when the table was made; mean error at "
        f"that speed {_percent(figures['mape_at_table_speed'])}\n"
        f"within 5 %: {figures['within_5']:.0%}, within 10 %: {figures['within_10']:.0%}, Kendall tau "
        f"{figures['tau']:.3f}, inside their error bar: {figures['covered']:.0%}"
    )


def _duration(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
