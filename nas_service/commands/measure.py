"""`nas device` for a device that is elsewhere: an agent there and a service, or a file that is carried both ways."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from device_agent.machine import Device
from device_agent.setting import MOST_THREADS, Setting
from latency_tables import table_path
from latency_tables.carried import bundle as write_bundle
from latency_tables.carried import taken
from latency_tables.coverage import FEWEST_OPS
from latency_tables.published import ERROR, PUBLISHED, read_published
from latency_tables.runtime import Runtime

from ..admission import parse
from ..api.device_views import CampaignView
from ..campaigns import MOST_OPS, survey_for
from ..client import Client
from ..settings import Settings
from ..spec import read_spec
from ..store.campaigns import OPEN
from .device import DeviceName, PrecisionOption, ProviderOption, SpecFile, ThreadsOption, user_errors
from .terminal import DEFAULT_URL, AsJson, Server, connected, print_json

POLL_S = 1.0
PACE_S = 300.0  # over which the time that is left is told from: visits come in many at once

MostOps = Annotated[
    int, typer.Option("--ops", min=FEWEST_OPS, help="measured at the most, those first that matter most")
]
Fresh = Annotated[bool, typer.Option("--fresh", help="measure everything anew, forget the present table")]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="by default NAME.pyz")]
Visits = Annotated[Path, typer.Argument(metavar="FILE", help="what the bundle wrote on the device")]
Agents = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def measure(
    name: DeviceName,
    spec_file: SpecFile,
    threads: ThreadsOption = None,
    precision: PrecisionOption = None,
    provider: ProviderOption = None,
    ops: MostOps = MOST_OPS,
    fresh: Fresh = False,
    wait: Annotated[bool, typer.Option(help="until the table is there")] = True,
    server: Server = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Have the agent on a device measure what a job needs, and the service make its latency table of it."""
    with user_errors():
        spec = read_spec(spec_file)
    with connected(server) as client:
        setting = {"threads": threads, "precision": precision, "provider": provider}
        campaign = client.measure(name, spec, **setting, ops=ops, fresh=fresh)
        if wait:
            campaign = _followed(client, campaign, quiet=as_json)
    if as_json:
        print_json(campaign)
    elif campaign.state == "completed":
        typer.echo(f"{name} is measured: {campaign.made} visits; its table is with the service")
    else:
        typer.echo(f"campaign {campaign.id} is {campaign.state}: {campaign.message}")
    if campaign.state in {"failed", "cancelled"}:
        raise typer.Exit(1)


def agent(context: typer.Context) -> None:
    """Measure this device for a service: --server URL --name NAME. --help says more."""
    from device_agent.__main__ import main

    raise typer.Exit(main(context.args))


def bundle(
    name: DeviceName,
    spec_file: SpecFile,
    output: Output = None,
    threads: ThreadsOption = None,
    precision: PrecisionOption = None,
    provider: ProviderOption = None,
    ops: MostOps = MOST_OPS,
    fresh: Fresh = False,
) -> None:
    """Write one file that measures a device which sees no service: carry it there, run it, carry back what it wrote."""
    path = output or Path(f"{name}.pyz")
    with user_errors():
        spec = parse(read_spec(spec_file))
        setting = spec.setting.but(threads, precision, provider)
        survey = survey_for(Settings().tables, spec, name, setting, fresh=fresh, ops=ops)
        unfinished = path.with_name(f".{path.name}.part")
        with unfinished.open("w+b") as file, _bar("writing networks") as bars:
            task = bars.add_task("", total=None)

            def progress(done: int, total: int) -> None:
                bars.update(task, completed=done, total=total)

            write_bundle(file, survey, name, setting, fresh=fresh, progress=progress)
        unfinished.replace(path)
    typer.echo(f"{path}: {len(survey.plan.subjects) + 1} networks, {path.stat().st_size / 1e6:.1f} MB")
    typer.echo(f"on {name}: python3 {path.name}; then, back here: nas device take {path.stem}.visits.json")


def take(file: Visits) -> None:
    """Make a latency table of the visits that a bundle made, or add them to the one that there is."""
    with user_errors():
        tables = Settings().tables
        table = taken(file.read_bytes(), tables)
        path = table_path(tables, table.device.name, table.runtime.setting)
        table.save(path)
    typer.echo(f"{path}: {len(table.entries)} ops, estimates good to {100 * table.calibration.relative_error:.1f} %")


def import_published(
    name: DeviceName,
    file: Annotated[Path, typer.Argument(metavar="BLOCKS.csv", help="a block a line: block,hw,cin,...,ms")],
    cpu: Annotated[str, typer.Option(help="on which it was measured")] = "unknown",
    onnxruntime: Annotated[str, typer.Option(help="the version that it was measured with")] = "unknown",
    precision: PrecisionOption = None,
    threads: Annotated[int, typer.Option(min=1, max=MOST_THREADS, help="inference threads")] = 1,
    error: Annotated[float, typer.Option(min=0, max=10, help="of estimates, as a share, 90 % of them below")] = ERROR,
) -> None:
    """Make a latency table of published block latencies, which is checked like one that was measured here."""
    with user_errors():
        setting, device = Setting(threads).but(precision=precision), Device(name, cpu, 1, "unknown", "unknown")
        table = read_published(
            file.read_text("utf-8-sig"), device, Runtime.of(onnxruntime, setting, 1, PUBLISHED), error
        )
        path = table_path(Settings().tables, name, setting)
        table.save(path)
    odd = sum(bool(entry.flag) for entry in table.entries.values())
    typer.echo(f"{path}: {len(table.entries)} ops, {odd} of them implausible beside others; estimates are plain sums")
    wanted = "" if setting.precision == "float32" else f"precision: {setting.precision}, "
    typer.echo(f"a job uses it by device: {{name: {name}, {wanted}allow: [onnxruntime, exporter]}}")


def _followed(client: Client, campaign: CampaignView, *, quiet: bool) -> CampaignView:
    with _bar("measuring", quiet=quiet) as bars:
        task = bars.add_task("", total=campaign.total)
        while campaign.state in OPEN:
            time.sleep(POLL_S)
            campaign = client.campaign(campaign.id)
            bars.update(task, completed=campaign.made, total=campaign.total, description=campaign.message)
    return campaign


def _bar(what: str, *, quiet: bool = False) -> Progress:
    columns = (TextColumn(what), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeElapsedColumn())
    left, told = (TextColumn("left"), TimeRemainingColumn()), TextColumn("{task.description}", markup=False)
    console = Console(stderr=True, quiet=quiet)
    return Progress(*columns, *left, told, console=console, transient=True, speed_estimate_period=PACE_S)
