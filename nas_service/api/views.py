"""What the service says over HTTP: the models of its answers, for the OpenAPI schema and for the Python client.

Metrics that are no finite number (a loss that became NaN) are left out, for JSON does not know them.
Times are seconds since the epoch, UTC.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from nas_service.spec import Priority

Metrics = dict[str, float]
Item = TypeVar("Item")


class View(BaseModel):
    """Base of every answer: frozen; keys that a newer server adds are ignored."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Page(View, Generic[Item]):
    """Part of a list. `next` is the cursor of the page after it, or null on the last one."""

    items: list[Item]
    next: str | None = None


class Problem(View):
    """Every refusal (RFC 9457): `detail` says what was wrong and what would be right, `field` where."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    field: str = ""


class JobSummary(View):
    """A job and where it stands. `reason` says why it waits or why it ended; `final` that it has ended.

    `trials` counts those sent out or taken over; `trials_budget` and `hours_budget` are where it ends. `reused`
    proposals took a result that this job or another one had; `saved_seconds` is what the trials of those had taken.
    `owner` is that of the key which submitted it, empty where there was none; `priority` is over that owner's other
    jobs.
    """

    id: str
    name: str
    owner: str = ""
    priority: int = 0
    state: str
    final: bool
    reason: str
    strategy: str
    space: str
    task: str
    device: str | None
    trials_budget: int
    hours_budget: float | None
    created_at: float
    started_at: float | None
    ended_at: float | None
    active_seconds: float
    proposals: int
    trials: int
    completed: int
    failed: int
    infeasible: int
    reused: int
    saved_seconds: float = 0.0
    best_reward: float | None
    incumbent: str | None


class JobView(JobSummary):
    """A job with its spec, defaults filled in, and the versions and hashes of what it depends on.

    `metric` and `cost` name the two axes of its Pareto front; `limits` are the hard ones. `trials_per_minute` is of the
    time that it ran, `seconds_left` what the rest of its budget takes at that; null unless it runs.
    """

    metric: str
    cost: str
    limits: dict[str, float]
    spec: dict[str, Any]
    fingerprints: dict[str, Any]
    trials_per_minute: float | None = None
    seconds_left: float | None = None


class LimitView(View):
    """A limit, the share of sampled architectures over it, and the lowest and the median cost among them."""

    name: str
    limit: float
    share_over: float
    lowest: float
    median: float


class HistogramView(View):
    """Samples by cost: `counts[i]` lie between `edges[i]` and `edges[i + 1]`, `feasible[i]` of them within limits."""

    name: str
    edges: list[float]
    counts: list[int]
    feasible: list[int]


class EstimateView(View):
    """What a search takes; null where it is not known, and `note` says why. `hours` is when it ends."""

    at_once: int
    measured_trials: int
    seconds_per_trial: float | None
    cpu_hours: float | None
    gpu_hours: float | None
    hours: float | None
    note: str


class PreviewView(View):
    """A job before it is submitted. `bites` names the limit that most of the sampled architectures break.

    `unchecked` says of which workers it is not known whether they see the data, `warm_start` which networks of other
    jobs it begins with; or they are empty.
    """

    sampled: int
    feasible_share: float
    bites: str | None
    limits: list[LimitView]
    histogram: HistogramView
    estimate: EstimateView
    unchecked: str = ""
    warm_start: str = ""


class JudgedView(View):
    """A candidate under another objective: `value` and `cost` are its place against the new front."""

    id: str
    number: int
    value: float
    cost: float
    reward: float
    metrics: Metrics


class RetargetView(View):
    """What a job knows, priced for another device or judged by other limits, without any training.

    Of the `evaluated` candidates `feasible` meet the limits; `unpriced` have an op that the device's table lacks, of
    which `missing` tells. `untried` candidates meet the limits too but were never trained. `front` is cheapest first.
    """

    evaluated: int
    feasible: int
    unpriced: int
    untried: int
    missing: str
    best: JudgedView | None
    front: list[JudgedView]


class FrameView(View):
    """What hypervolumes are shares of: the rectangle from `reference` to `ideal`, each (value, cost)."""

    reference: tuple[float, float]
    ideal: tuple[float, float]


class ArmView(View):
    """The search of a job, or its random control. `candidates` have a result in full within the limits.

    `hypervolume` is that of its whole front, `mean` that of subsets of its candidates, with a 95 % interval from `low`
    to `high`.
    """

    trials: int
    candidates: int
    best_reward: float | None
    hypervolume: float | None
    mean: float | None
    low: float | None
    high: float | None


class ComparisonView(View):
    """A search beside its random control, which has had a `share` of the trials.

    Subsets of `subset` candidates are drawn from either; `overlap` says whether the intervals of their hypervolumes
    do, `note` what that means, or why there are none. `metric` and `cost` are the axes.
    """

    share: float
    metric: str
    cost: str
    subset: int
    frame: FrameView | None
    search: ArmView
    control: ArmView
    overlap: bool | None
    note: str


class CandidateView(View):
    """An architecture in a job. `value` (to maximise) and `cost` (to minimise) are its place against the front.

    `full` says that its result is of the task's full fidelity: only such a one counts for the front and the incumbent.
    `reused_from` is the trial of another job whose result it has; null where it was trained in this job, or not at all.
    """

    id: str
    job_id: str
    number: int
    hash: str
    genotype: dict[str, Any]
    parents: list[str]
    state: str
    reason: str
    feasible: bool
    params: int
    macs: int
    latency_ms: float | None
    latency_error_ms: float | None
    metrics: Metrics
    full: bool = True
    value: float | None
    cost: float | None
    reward: float | None
    reused_from: str | None = None


class OpView(View):
    """A node of an architecture. `inputs` are positions of other nodes, -1 is the network's input.

    `fields` are the op's own properties (kernel, expanded_channels); `latency_ms` is what the job's table says of it.
    `latency_error_ms` is 0 where that was measured, else the standard deviation of what others say of such an op.
    """

    kind: str
    inputs: list[int]
    in_shape: list[int]
    out_shape: list[int]
    params: int
    macs: int
    latency_ms: float | None
    latency_error_ms: float | None = None
    fields: dict[str, Any]


class ArchitectureView(View):
    """The graph of ops, in topological order; shapes are (channels, height, width) without the batch.

    Those of clips are (channels, frames, height, width), and `frame_rate` is that of the input, in frames a second.
    """

    input_shape: list[int]
    output_shape: list[int]
    frame_rate: float | None = None
    ops: list[OpView]


class TrialView(View):
    """One evaluation of one candidate. `curve` has the metrics of each epoch of its newest attempt, oldest first.

    In a list of those under way, `worker` names the machine that one runs on, and `waits` says what one waits for that
    was sent to the workers.
    """

    id: str
    job_id: str
    number: int
    candidate_id: str
    state: str
    fidelity: dict[str, float]
    full: bool
    seed: int
    metrics: Metrics
    cause: str | None
    message: str
    created_at: float
    started_at: float | None
    ended_at: float | None
    curve: list[Metrics] = []
    worker: str | None = None
    waits: str = ""


class CandidateDetail(CandidateView):
    """A candidate with its architecture, its ancestors (oldest first, without itself) and its trials."""

    architecture: ArchitectureView
    lineage: list[CandidateView]
    trials: list[TrialView]


class EventView(View):
    """Something that happened in a job. `seq` has no gaps; a stream goes on after the last one that was seen."""

    job_id: str
    seq: int
    at: float
    type: str
    data: dict[str, Any]


class ExportView(View):
    """A candidate on its way to a verified ONNX file. `metrics` and `details` hold the checks, once it is completed."""

    id: str
    job_id: str
    candidate_id: str
    state: str
    final: bool
    epochs: int
    int8: bool
    normalise: bool
    progress: Metrics
    metrics: Metrics
    files: list[str]
    details: dict[str, Any]
    message: str
    created_at: float
    ended_at: float | None


class ExportRequest(BaseModel):
    """How to export. `epochs` of final training; those of a trial of the search where it is left out.

    `int8` adds a quantised file with figures of its own; with `normalise` the files take pixels as they are. For a
    weight agnostic network `epochs` are generations in which its weights are tuned: none with 0, by default as many as
    suit the task.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    epochs: Annotated[int | None, Field(ge=0, le=10_000)] = None
    int8: bool = False
    normalise: bool = False


class ExtendRequest(BaseModel):
    """What to add to a job's budget: so many trials, so many hours, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    trials: Annotated[int | None, Field(ge=1, le=10_000_000)] = None
    hours: Annotated[float | None, Field(gt=0, le=1_000_000, allow_inf_nan=False)] = None


class PriorityRequest(BaseModel):
    """A new priority of a job over the other jobs of its owner."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    priority: Priority


class CatalogueEntry(View):
    """A search space, strategy or task that a job may name. `options` is the JSON schema of its options."""

    name: str
    summary: str
    version: int | None
    options: dict[str, Any]


class SpaceEntry(CatalogueEntry):
    """A search space; `kinds` of tasks that it builds for, `references` that it knows by name."""

    kinds: list[str]
    references: list[str]


class ResourcesView(View):
    """Processors and GPUs."""

    cpus: float
    gpus: float


class ClusterView(View):
    """What the workers have. `problem` says why nothing can run, or is empty.

    `leading` is whether the process that answered runs jobs.
    """

    kind: str
    total: ResourcesView
    free: ResourcesView
    workers: int
    versions: dict[str, str]
    problem: str
    leading: bool


class GarbageView(View):
    """Artifacts kept and collected, in files and bytes; in a dry run, what would be. `budget_bytes`: null, no limit."""

    dry_run: bool
    kept: int
    kept_bytes: int
    collected: int
    collected_bytes: int
    budget_bytes: int | None


class Health(View):
    """Each check is `ok` or says what to do. Another process that runs the jobs is no obstacle."""

    ready: bool
    checks: dict[str, str]


class Unready(Problem, Health):
    """What is missing, as a problem (RFC 9457), with every check."""
