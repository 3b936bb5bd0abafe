"""What the service says over HTTP of what a latency table holds, and of how well it fits."""

from __future__ import annotations

from .views import View


class KindView(View):
    """Ops of one kind in a table; the smallest and largest map that they read, (channels, ...), null if not known."""

    kind: str
    ops: int
    flagged: int
    smallest: tuple[int, ...] | None
    largest: tuple[int, ...] | None


class EntryView(View):
    """What an op costs, in milliseconds, by how many runs. `flag` is noisy, implausible or empty."""

    op: str
    latency_ms: float
    spread_ms: float
    runs: int
    flag: str


class NetworkView(View):
    """A network's estimate, with the half width of its 90 % interval, beside its measurement and its spread, in ms.

    Of a finalist of `job_id` both are at the device's speed of that day; null for one that the calibration rests on.
    """

    hash: str
    job_id: str | None = None
    estimated_ms: float
    error_ms: float
    measured_ms: float
    spread_ms: float
    inside: bool


class ErrorsView(View):
    """Of estimated against measured latencies, as shares; `bias` is positive where estimates are too high.

    `tau` is Kendall's, null of fewer than two.
    """

    mape: float
    within_5: float
    within_10: float
    tau: float | None
    bias: float


class ComparedView(View):
    """Networks estimated and measured, and how far apart the two are; `errors` is null where there are none."""

    networks: tuple[NetworkView, ...]
    errors: ErrorsView | None


class TableSummary(View):
    """What a latency table holds and how well it fits.

    `kinds` are those with most ops first, `dearest` the ten dearest ops, `flagged` every doubtful entry, the largest
    relative spread first. `calibration` has the networks on which the table rests, so its errors are a little too
    small; `finalists` those of jobs, with the estimates that they were chosen by.
    """

    kinds: tuple[KindView, ...]
    dearest: tuple[EntryView, ...]
    flagged: tuple[EntryView, ...]
    calibration: ComparedView
    finalists: ComparedView
