"""What becomes of the workers' answers about a job's data: a refusal, or an event of what nobody could find out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import searches
from image_sets import write_npz

from nas_service.api import control, extending, submission
from nas_service.api.service import Service
from nas_service.app import create_app
from nas_service.errors import Conflict, InvalidSpec
from nas_service.settings import Settings
from nas_service.store import events
from workers.dispatchers import DataCheck, InlineDispatcher
from workers.requests import Resources
from workers.tasks import Task

SPACE = {"name": "mobilenetv3", "options": {"backbone": [{"width": 8, "stride": 2}], "resolution": [16], "hidden": 32}}
SILENT = DataCheck(unanswered=("b (10.0.0.2) did not answer in 15 s",))
MORE = {"trials": 1}


@dataclass
class Answers(InlineDispatcher):
    """A dispatcher whose machines answer what the test says; `asked` are the tasks and what a trial would hold."""

    answer: DataCheck = field(default_factory=DataCheck)
    asked: list[tuple[str, Resources]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def check_data(self, task: Task, resources: Resources) -> DataCheck:
        self.asked.append((task.name, resources))
        return self.answer


@pytest.fixture
def machines() -> Answers:
    return Answers()


@pytest.fixture
def service(machines: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A service whose coordinator rests."""
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))
    made: Service = create_app(Settings(home=tmp_path, page=False), dispatcher=machines).state.service
    yield made
    machines.close()
    made.store.close()


@pytest.fixture
def job(tmp_path: Path) -> dict[str, Any]:
    task = {"name": "npz", "path": str(write_npz(tmp_path / "bars.npz"))}
    return searches.spec(3, space=SPACE, task=task, workers={"cpus": 2, "gpus": 1})


def submitted(service: Service, spec: dict[str, Any]) -> str:
    return submission.submit(service, spec)[0].id


def told(service: Service, job_id: str) -> list[str]:
    with service.store.read() as conn:
        return [event.data["message"] for event in events.after(conn, job_id, 0) if event.type == "data"]


def test_data_that_all_see_is_no_news(service: Service, machines: Answers, job: dict[str, Any]) -> None:
    assert told(service, submitted(service, job)) == []
    assert submission.look_ahead(service, job).unchecked == ""
    assert machines.asked == [("npz", Resources(2, 1))] * 2


def test_a_task_without_a_path_asks_nobody(service: Service, machines: Answers) -> None:
    machines.answer = DataCheck(("a: it is not here",))
    job_id = submitted(service, searches.spec(3))
    extending.extend(service, job_id, extending.parse_request(MORE))
    assert machines.asked == []


@pytest.mark.parametrize("act", [submission.submit, submission.look_ahead])
def test_machines_that_lack_the_data_are_named_five_at_most(
    service: Service, machines: Answers, job: dict[str, Any], act: Callable[[Service, dict[str, Any]], object]
) -> None:
    machines.answer = DataCheck(tuple(f"m{i}: it is not here" for i in range(8)), SILENT.unanswered)
    with pytest.raises(InvalidSpec, match=r"m4: it is not here; and 3 more.* copy the data") as refused:
        act(service, job)
    assert refused.value.field == "task.path"


def test_silence_lets_the_job_through_and_an_event_says_so(
    service: Service, machines: Answers, job: dict[str, Any]
) -> None:
    machines.answer = SILENT
    job_id = submitted(service, job)
    (message,) = told(service, job_id)
    assert "not known yet whether every machine sees the data: b (10.0.0.2) did not answer" in message
    assert submission.look_ahead(service, job).unchecked == message
    extending.extend(service, job_id, extending.parse_request(MORE))
    assert told(service, job_id) == [message, message]


def test_a_repeated_submission_tells_its_event_once(service: Service, machines: Answers, job: dict[str, Any]) -> None:
    machines.answer = SILENT
    first, again = (submission.submit(service, job, "key")[0].id for _ in "ab")
    assert first == again
    assert len(told(service, first)) == 1


def test_an_extension_asks_again_and_one_of_a_job_that_has_ended_for_good_does_not(
    service: Service, machines: Answers, job: dict[str, Any]
) -> None:
    job_id = submitted(service, job)
    machines.answer = DataCheck(("a: it is not here",))
    with pytest.raises(InvalidSpec, match="a: it is not here"):
        extending.extend(service, job_id, extending.parse_request(MORE))
    Path(job["task"]["path"]).unlink()
    with pytest.raises(InvalidSpec, match="cannot read"):
        extending.extend(service, job_id, extending.parse_request(MORE))
    control.control(service, job_id, "cancel")
    with pytest.raises(Conflict, match="for good"):
        extending.extend(service, job_id, extending.parse_request(MORE))
    assert len(machines.asked) == 2
