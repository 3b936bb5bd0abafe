"""How a search got on and what it chose: the models of the answers, columns of equal length for charts."""

from __future__ import annotations

from typing import Any, Literal

from .views import FrameView, View


class ArmProgress(View):
    """The search or its random `control`: trials that ended, results that count, and why the others do not.

    `over` a limit, of `partial` fidelity (stopped early), the same network `again`, `failed`, `stopped` with the job.
    """

    control: bool
    trials: int
    result: int
    over: int
    partial: int
    again: int
    failed: int
    stopped: int
    best_reward: float | None
    hypervolume: float | None


class ProgressView(View):
    """Best reward and hypervolume after each trial, as columns in the order of time; six significant digits.

    `trial` counts the trials of the step's own arm; `control` holds 0 and 1; `kind` is `result`, or why the step does
    not count. `best` and `hypervolume`, a share of `frame`, are those of the arm so far; null before its first result.
    Of `total` steps the columns have those that were better than all before, and evenly chosen ones of the others.
    """

    job_id: str
    metric: str
    cost: str
    started_at: float | None
    frame: FrameView | None
    total: int
    arms: list[ArmProgress]
    id: list[str]
    trial: list[int]
    at: list[float]
    control: list[int]
    kind: list[str]
    reward: list[float | None]
    best: list[float | None]
    hypervolume: list[float | None]


class GeneView(View):
    """A choice of the space: its options, and for each column how many networks have which of them.

    Networks in which the choice does not matter, such as the kernel of a layer that is not there, are left out.
    """

    name: str
    values: list[Any]
    counts: list[list[int]]


class TraitView(View):
    """A number that networks have, with its least, mean and most in each column; null where none has it."""

    name: str
    least: list[float | None]
    mean: list[float | None]
    most: list[float | None]


class ChoicesView(View):
    """What the search chose as it went on. The columns are of its own trials, without those of a random control.

    `first` and `last` are trials of the search, counted from 1; `networks` the different ones among them. `by` says
    what a column is: `size` generations of the strategy's own (the first one is in `generation`), `size` times as many
    trials as its population has members, or `size` trials. `fixed` choices have one option alone. `note` says why
    there is nothing to show, or is empty.
    """

    job_id: str
    by: Literal["generation", "population", "trials"]
    size: int
    population: int | None
    first: list[int]
    last: list[int]
    networks: list[int]
    generation: list[int]
    fixed: int
    genes: list[GeneView]
    traits: list[TraitView]
    note: str
