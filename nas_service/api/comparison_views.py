"""Jobs beside each other: the models of the answer."""

from __future__ import annotations

from .views import ArmView, CandidateView, FrameView, JobSummary, View

MOST = 6  # jobs


class FrontView(View):
    """A Pareto front as columns of equal length, cheapest first; `value` is to be maximised, `cost` minimised."""

    id: list[str]
    value: list[float]
    cost: list[float]


class StandingView(View):
    """One of the jobs. `found` is judged in the frame of all, `best` the incumbent."""

    job: JobSummary
    metric: str
    cost: str
    found: ArmView
    front: FrontView
    best: CandidateView | None


class DifferenceView(View):
    """A line of the specs, values as YAML in the order of the jobs; null where a spec has no such line."""

    path: str
    values: list[str | None]


class JobsComparison(View):
    """Jobs beside each other, in the order asked for.

    `comparable` says whether their fronts have the same axes; where they do not there is no `frame`, and `note` says
    why. Otherwise `note` says what to mind, or is empty. Subsets of `subset` candidates are drawn from each.
    `differences` are the lines in which the specs differ or, where that was asked for, all of their lines.
    """

    comparable: bool
    note: str
    subset: int
    frame: FrameView | None
    jobs: list[StandingView]
    differences: list[DifferenceView]
