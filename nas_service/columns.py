"""What charts read of a whole job, as columns of numbers in memory that are brought up to date by what is new.

Reading 200,000 rows takes a while, and a page asks each second; what has changed since it last asked is a few rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from .pareto import Positions, Values
from .store import Job, asks, candidates, names, searched

Flags = NDArray[np.bool_]


class Columns:
    """Rows of numbers in the order of the first one, by which they are known; what is unknown is NaN."""

    def __init__(self, named: Sequence[str]) -> None:
        self._at = {name: place for place, name in enumerate(named)}
        self._rows: Values = np.empty((len(named), 0))

    def __len__(self) -> int:
        return len(self._rows[0])

    def __getitem__(self, name: str) -> Values:
        column: Values = self._rows[self._at[name]]
        return column

    def flags(self, name: str) -> Flags:
        """A column of 0 and 1; what is unknown is not."""
        set_: Flags = self[name] == 1
        return set_

    def take_in(self, new: Values) -> None:
        """Rows, (columns, rows): one that is there already takes the place of the old one."""
        if not new.shape[1]:
            return
        new = new[:, np.argsort(new[0], kind="stable")]
        places, known = self.places(new[0])
        self._rows[:, places[known]] = new[:, known]
        if not known.all():
            self._rows = np.insert(self._rows, places[~known], new[:, ~known], axis=1) if len(self) else new

    def places(self, keys: Values) -> tuple[Positions, Flags]:
        """The position of the row of each of these, and whether there is one."""
        places = np.searchsorted(self._rows[0], keys)
        known = places < len(self)
        known[known] = self._rows[0, places[known]] == keys[known]
        return places, known


class Results(Columns):
    """Candidates with a result of full fidelity, as `candidates.PLACED` names what there is of each."""

    def __init__(self) -> None:
        super().__init__(candidates.PLACED)
        self.changes = 0  # how often something was new
        self._proposals = 0  # of the job, when it was last looked at
        self._waited: list[int] = []  # those of them whose outcomes were still awaited

    def look(self, conn: Connection, job: Job) -> None:
        """Take in what is new. What is remembered changes last, for a reading may fail."""
        if not self._proposals:
            waited, new = asks.waiting(conn, job.id), candidates.evaluated(conn, job.id)
        else:
            recent, brought, waits = asks.since(conn, job.id, self._proposals, self._waited)
            waited = recent[waits == 1].astype(np.int64).tolist()
            told = np.unique(brought[waits == 0]).astype(np.int64).tolist()
            new = candidates.evaluated(conn, job.id, [names.candidate(job.id, number) for number in told])
        self.take_in(new)
        self._proposals, self._waited = job.proposals, waited
        self.changes += new.shape[1] > 0


class Proposals(Columns):
    """What a search proposed but what was screened out, in its order, each with the trial that it waited for.

    `searched.PROPOSED` and `searched.TRAINED` name what there is of each; without a trial, the latter are unknown.
    """

    def __init__(self) -> None:
        super().__init__((*searched.PROPOSED, *searched.TRAINED[1:]))
        self._proposals = 0
        self._waited: list[int] = []

    def look(self, conn: Connection, job: Job) -> None:
        """Take in what is new."""
        new = searched.proposed(conn, job.id, self._proposals, self._waited)
        waits = new[searched.PROPOSED.index("status")] == searched.AWAITED
        self.take_in(np.concatenate([new, self._trials(conn, job.id, new[searched.PROPOSED.index("trial")])]))
        self._proposals, self._waited = job.proposals, new[0, waits].astype(np.int64).tolist()

    def _trials(self, conn: Connection, job_id: str, numbers: Values) -> Values:
        """Of those with these numbers; of a whole job all are read, which is quicker than one by one."""
        wanted = numbers[~np.isnan(numbers)].astype(np.int64).tolist() if self._proposals else None
        found = Columns(searched.TRAINED)
        found.take_in(searched.trained(conn, job_id, wanted))
        places, known = found.places(numbers)
        trials = np.full((len(searched.TRAINED) - 1, len(numbers)), np.nan)
        for row, name in enumerate(searched.TRAINED[1:]):
            trials[row, known] = found[name][places[known]]
        return trials
