"""The tables. Rows never leave this package; what leaves it are the frozen records of the neighbouring modules.

Ids are opaque to everyone else: a job has a random one, and what belongs to a job has `<job>.<letter><number>`, so that
nothing has to be looked up to name a thing. Times are seconds since the epoch, UTC.
"""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from device_agent.setting import Threads

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class ThreadCount(TypeDecorator[int | Literal["all"]]):
    """A number of threads; `all` is 0 in the database."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Threads | None, _: Any) -> int | None:
        return 0 if value == "all" else value

    def process_result_value(self, value: int | None, _: Any) -> Threads | None:
        return "all" if value == 0 else value


def _job() -> Column[Any]:
    return Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False)


jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),  # order of submission
    Column("name", Text, nullable=False),
    Column("owner", String(100), nullable=False, default=""),  # of the key that submitted it; empty without keys
    Column("state", String(16), nullable=False, index=True),
    Column("reason", Text, nullable=False, default=""),  # why it waits, or why it ended
    Column("spec", JSON, nullable=False),
    Column("fingerprints", JSON, nullable=False),
    Column("idempotency_key", String(200)),
    Column("spec_hash", String(32), nullable=False),
    Column("webhook", String(16), index=True),  # null: none; waiting, due, delivered, failed
    Column("finalists", String(16), index=True),  # null: none are measured; waiting, due, planned
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("ended_at", Float),
    Column(
        "active_since", Float
    ),  # start of the present stretch of running; the hours of a budget count these stretches
    Column("active_seconds", Float, nullable=False, default=0.0),
    Column("holder", String(64)),  # the coordinator that runs it; null: none, it is over or nobody has taken it
    Column("lease_until", Float),
    Column("fence", Integer, nullable=False, default=0),  # how often it was taken: who writes has to know the last
    Column("strategy_state", JSON),
    Column("strategy_blob", LargeBinary),
    Column("proposals", Integer, nullable=False, default=0),
    Column("trials", Integer, nullable=False, default=0),  # dispatched, whatever became of them
    Column("completed", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("infeasible", Integer, nullable=False, default=0),
    Column("reused", Integer, nullable=False, default=0),
    Column("saved_seconds", Float, nullable=False, default=0.0),  # of training, by results that were reused
    Column("fruitless", Integer, nullable=False, default=0),  # proposals in a row that led to no trial
    Column("best_reward", Float),
    Column("incumbent", String(64)),  # candidate id
    Column("events", Integer, nullable=False, default=0),  # last sequence number given out
    UniqueConstraint("owner", "idempotency_key"),
)

candidates = Table(
    "candidates",
    metadata,
    Column("id", String(64), primary_key=True),
    _job(),
    Column("number", Integer, nullable=False),  # of the proposal that brought it
    Column("hash", String(32), nullable=False),
    Column("genotype", JSON, nullable=False),
    Column("parents", JSON, nullable=False),  # candidate ids
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("feasible", Boolean, nullable=False),
    Column("params", BigInteger, nullable=False),
    Column("macs", BigInteger, nullable=False),
    Column("latency_ms", Float),
    Column("latency_error_ms", Float),
    Column("metrics", JSON, nullable=False),
    Column("full", Boolean, nullable=False, default=False),  # the result below is of the task's full fidelity
    Column("value", Float),  # first axis of the front, to maximise; only of a completed trial
    Column("cost", Float),  # second axis, to minimise
    Column("reward", Float),
    Column("reused_from", String(64)),  # id of the trial of another job that had the result
    UniqueConstraint("job_id", "hash"),
    UniqueConstraint("job_id", "number"),
    Index(None, "job_id", "full", "reward"),
)

fronts = Table(
    "fronts",
    metadata,
    Column("candidate_id", ForeignKey("candidates.id", ondelete="CASCADE"), primary_key=True),
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("value", Float, nullable=False),  # those of the candidate
    Column("cost", Float, nullable=False),
)

proposals = Table(
    "proposals",
    metadata,
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("candidate_id", String(64), nullable=False),
    Column("trial_id", String(64), index=True),
    Column("genotype", JSON(none_as_null=True)),  # null: the candidate's, which another genotype may have brought
    Column("parents", JSON, nullable=False),  # numbers of proposals
    Column("token", JSON),
    Column("status", String(16)),  # null until told
    Column("reward", Float),
    Column("metrics", JSON),
    Column("spent", Boolean, nullable=False),  # took a trial of the budget
    Column("control", Boolean, nullable=False),  # made by the job's random control
)

requests = Table(
    "requests",
    metadata,
    Column("id", String(64), primary_key=True),
    _job(),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),  # queued, running, done
    Column("attempt", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),  # attempts that a worker did not survive
    Column("open_trials", Integer, nullable=False),
    Column("holder", String(64)),
    Column("lease_until", Float),
    Index(None, "job_id", "state"),
    Index(None, "state", "lease_until"),
)

trials = Table(
    "trials",
    metadata,
    Column("id", String(64), primary_key=True),
    _job(),
    Column("number", Integer, nullable=False),
    Column("candidate_id", ForeignKey("candidates.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("request_id", ForeignKey("requests.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("key", String(32), index=True),  # null: never reused
    Column("fidelity", JSON, nullable=False),
    Column("full", Boolean, nullable=False),  # at the task's full fidelity
    Column("seed", BigInteger, nullable=False),
    Column("initial_weights", Text),
    Column("checkpoint", Text),  # of the beginning of this training, in a trial of less fidelity
    Column("state", String(16), nullable=False),
    Column("metrics", JSON, nullable=False),
    Column("artifacts", JSON, nullable=False),
    Column("cause", String(32)),
    Column("message", Text, nullable=False, default=""),
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("ended_at", Float),
    Index(None, "job_id", "state"),
)

epochs = Table(
    "epochs",
    metadata,
    Column("trial_id", String(64), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("metrics", JSON, nullable=False),
)

exports = Table(
    "exports",
    metadata,
    Column("id", String(64), primary_key=True),
    _job(),
    Column("candidate_id", ForeignKey("candidates.id", ondelete="CASCADE"), nullable=False),
    Column("request_id", ForeignKey("requests.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("state", String(16), nullable=False),  # queued, running, completed, failed
    Column("epochs", Integer, nullable=False),
    Column("int8", Boolean, nullable=False),
    Column("normalise", Boolean, nullable=False),
    Column("progress", JSON, nullable=False),  # metrics of the last epoch reported
    Column("metrics", JSON, nullable=False),
    Column("artifacts", JSON, nullable=False),
    Column("details", JSON, nullable=False),
    Column("message", Text, nullable=False, default=""),
    Column("created_at", Float, nullable=False),
    Column("ended_at", Float),
)

events = Table(
    "events",
    metadata,
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),
    Column("type", String(32), nullable=False),
    Column("data", JSON, nullable=False),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("device", String(64), nullable=False, index=True),
    Column("threads", ThreadCount, nullable=False),
    Column("precision", String(16), nullable=False),
    Column("provider", String(64), nullable=False),
    Column("owner", String(100), nullable=False),  # of the key that asked for it; empty without keys
    Column("state", String(16), nullable=False, index=True),  # waiting, measuring, completed, failed, cancelled
    Column("message", Text, nullable=False, default=""),  # what it waits for, or why it ended
    Column("plan", JSON, nullable=False),
    Column("protocol", JSON, nullable=False),
    Column("fresh", Boolean, nullable=False),  # forget the table that there is
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), index=True),  # whose finalists it measures; null: none
    Column("verdict", JSON(none_as_null=True)),  # how these compare with their estimates, once it is completed
    Column("total", Integer, nullable=False),  # visits, as far as is known
    Column("made", Integer, nullable=False),  # visits; the next one has this number
    Column("machine", JSON),  # device and onnxruntime of the first agent; null before there was one
    Column("agent", String(64)),
    Column("attempt", Integer, nullable=False),
    Column("lease_until", Float),
    Column("created_at", Float, nullable=False),
    Column("ended_at", Float),
)

visits = Table(
    "visits",
    metadata,
    Column("campaign_id", ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # in the order in which they were made
    Column("subject", Text, nullable=False),
    Column("latency_ms", Float, nullable=False),
    Column("runs", Integer, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("id", String(16), primary_key=True),  # the part of a key that may be shown
    Column("hash", String(64), nullable=False),  # of the whole key, which nobody can read from it
    Column("owner", String(100), nullable=False),
    Column("scope", String(16), nullable=False),  # read, submit, admin, measure
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float),
    Column("used_at", Float),  # to the minute
    Column("revoked_at", Float),
)

quotas = Table(
    "quotas",
    metadata,
    Column("owner", String(100), primary_key=True),
    Column("jobs", Integer),  # that run at the same time; null: no limit
    Column("trials", Integer),  # under way at the same time; null: no limit
)
