"""`nas wann figures`: what a network does without its weights, and with them, by the figures of the paper."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml

from search_spaces import SpaceError, get_space
from search_spaces.ops import SharedWeightNetwork
from search_spaces.wann.expression import express
from workers.tasks import TaskError, get_task, variant
from workers.tasks.weight_agnostic import WeightAgnosticTask
from workers.wann.tuning_options import TuningOptions

from .terminal import DEFAULT_URL, AsJson, Server, UserError, connected, show_table
from .wann import JSON, OUT, Inputs, Outputs, PublishedDisabled, Wanted, read, write

if TYPE_CHECKING:
    from workers.wann.figures import Figures
    from workers.wann.scoring import Scoring

TaskName = Annotated[
    str | None, typer.Option("--task", metavar="NAME", help="what the network is tried at; a candidate's is its job's")
]
TaskOption = Annotated[
    list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="of the task; may be given more than once")
]
Generations = Annotated[int, typer.Option(min=0, max=10_000, help="of weight tuning by CMA-ES; 0: no tuned weights")]
Trials = Annotated[int, typer.Option(min=1, max=100_000, help="of each figure")]
Seed = Annotated[int, typer.Option(min=0, help="of every random draw")]
Chart = Annotated[
    Path | None, typer.Option("--curve", metavar="FILE.svg", help="a chart of the score over the shared weight")
]


def figures(
    network: Wanted,
    task: TaskName = None,
    option: TaskOption = None,
    generations: Generations = 0,
    trials: Trials = 100,
    seed: Seed = 0,
    curve: Chart = None,
    inputs: Inputs = None,
    outputs: Outputs = None,
    published_disabled: PublishedDisabled = False,
    server: Server = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Score a network under random weights, a random shared weight, the best shared weight and tuned weights."""
    path = Path(network)
    wanted = {"name": task} | _options(option or [])
    if path.suffix in (OUT, JSON):
        found = express(read(path, inputs, outputs), published_disabled).network
    elif published_disabled:
        raise UserError("--published-disabled goes with a file; of a candidate its job says it")
    else:
        found, own = _candidate(network, server)
        wanted = wanted if task else own | _options(option or [])
    tried = _task(found, wanted)
    scoring = _scoring(found, tried)
    measured = _measured(scoring, TuningOptions(generations, repetitions=tried.tuning_repetitions), trials, seed)
    if curve:
        write(curve, _chart(scoring, tried, seed))
    if as_json:
        typer.echo(json.dumps(measured.to_json()))
    else:
        _show(measured)


def _options(given: list[str]) -> dict[str, Any]:
    """`name=value` each, values as YAML has them."""
    pairs = [one.partition("=") for one in given]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise UserError(f"--option {wrong[0]}: expected NAME=VALUE")
    try:
        return {name: yaml.safe_load(value) for name, _, value in pairs}
    except yaml.YAMLError as error:
        raise UserError(f"--option: a value is no YAML: {str(error).splitlines()[0]}") from None


def _candidate(candidate_id: str, server: str) -> tuple[SharedWeightNetwork, dict[str, Any]]:
    """A candidate's network and the task of its job."""
    with connected(server) as client:
        candidate = client.candidate(candidate_id)
        spec = client.job(candidate.job_id).spec
    try:
        space, task = get_space(spec["space"]["name"], **spec["space"]["options"]), get_task(**spec["task"])
        ops = space.bind(task.signature).architecture(candidate.genotype).ops
    except (SpaceError, TaskError) as error:
        raise UserError(f"candidate {candidate_id} cannot be rebuilt: {error}") from None
    if len(ops) != 1 or not isinstance(ops[0], SharedWeightNetwork):
        raise UserError(f"candidate {candidate_id} is of space {spec['space']['name']!r}, no weight agnostic network")
    return ops[0], spec["task"]


def _task(network: SharedWeightNetwork, wanted: dict[str, Any]) -> WeightAgnosticTask:
    """The task to try the network at. Raises UserError for one that tries no such networks, or others."""
    if wanted["name"] is None:
        raise UserError(
            "--task is missing: what should the network in this file be tried at? One of them: --task digits"
        )
    try:
        task = get_task(**wanted | {"name": variant(wanted["name"], ("vector",))})
    except TaskError as error:
        raise UserError(f"{error.field}: {error}") from None
    if not isinstance(task, WeightAgnosticTask):
        raise UserError(f"--task {wanted['name']}: that one does not try weight agnostic networks")
    needed, given = (task.signature.channels, task.signature.outputs), (network.in_shape[0], network.outputs)
    if needed != given:
        raise UserError(
            f"task {task.name} needs a network of {needed[0]} inputs and {needed[1]} outputs; this one has {given[0]} "
            f"and {given[1]}"
        )
    return task


def _scoring(network: SharedWeightNetwork, task: WeightAgnosticTask) -> Scoring:
    from workers.wann.scoring import scoring_of

    try:
        return scoring_of(network, task.evaluator())
    except TaskError as error:  # a package that is not installed here
        raise UserError(str(error)) from None


def _measured(scoring: Scoring, options: TuningOptions, trials: int, seed: int) -> Figures:
    from workers.wann.figures import figures as figures_of
    from workers.wann.tuning import best_shared_weight, tuned

    weight, weights = best_shared_weight(scoring, seed), None
    for now in tuned(scoring, weight, options, seed):
        weights = now.weights
    return figures_of(scoring, weight, weights, seed, trials)


def _chart(scoring: Scoring, task: WeightAgnosticTask, seed: int) -> str:
    from workers.wann.curves import weight_curve

    found = weight_curve(scoring, task.tuning_repetitions, seed)
    return found.to_svg(f"{task.name}: {found.quantity} over the shared weight")


def _show(measured: Figures) -> None:
    rows = [
        (name.replace("_", " "), f"{figure.mean:.5g}", f"{figure.std:.4g}", str(figure.trials))
        for name, figure in measured.named.items()
    ]
    show_table((measured.quantity, "mean", "deviation", "trials"), rows)
    typer.echo(f"best shared weight {measured.weight:g}")
