"""`nas serve` as a process: starting, ending, a second one, and what it must not load early."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
from services import ENDLESS
from sqlalchemy.exc import OperationalError

from nas_service import access
from nas_service.access import Scope
from nas_service.client import Client, ServerAway
from nas_service.commands.serve import _runs_elsewhere
from nas_service.store import Store, keys
from nas_service.store.presence import FilePresence

NAS = (sys.executable, "-m", "nas_service")


@contextmanager
def serving(home: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server process and its URL, once it has said that it serves."""
    command = [*NAS, "serve", "--port", "0", "--inline", "1", *options]
    environment = os.environ | {"NAS_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("nas serves at http"), line + process.stdout.read()
            yield process, line.split()[3]
        finally:
            process.kill()


def answering(url: str) -> Client:
    """A client of a server that may still be starting."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=5)) as http:
        http.get(f"{url}/healthz", timeout=120).raise_for_status()
    return Client(url)


def test_ctrl_c_ends_it_in_the_middle_of_a_job_with_a_stream_open(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, url), answering(url) as client:
        job = client.submit(ENDLESS | {"task": {"name": "landscape", "seconds": 0.05}}).id
        stream = client.events(job)
        next(event for event in stream if event.type == "trial")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) in (0, 130)
        assert "Traceback" not in process.stdout.read()


def test_a_second_process_serves_says_that_another_leads_and_takes_over(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as (first, url),
        serving(tmp_path) as (second, other_url),
        answering(url) as client,
        answering(other_url) as other,
    ):
        assert "another process runs the jobs of this database" in second.stdout.readline()
        job = other.submit(ENDLESS | {"budget": {"trials": 3}}).id
        assert other.wait(job).state == "finished"
        assert (client.cluster().leading, other.cluster().leading) == (True, False)
        first.kill()
        first.wait()
        assert other.wait(other.submit(ENDLESS | {"budget": {"trials": 4}, "seed": 1}).id).state == "finished"
        assert other.cluster().leading


def test_one_process_answers_and_another_runs_the_jobs(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-coordinator") as (_, url), answering(url) as client:
        job = client.submit(ENDLESS | {"budget": {"trials": 3}}).id
        ready = httpx.get(f"{url}/readyz").json()
        assert (ready["ready"], client.cluster().leading) == (True, False)
        assert ready["checks"]["coordinator"] == "this process was told to leave jobs to others (--no-coordinator)"
        assert (client.job(job).state, client.job(job).reason) == ("queued", "waiting for the coordinator")
        with serving(tmp_path, "--no-page") as (_, other_url), answering(other_url) as other:
            assert client.wait(job).state == "finished"
            assert other.cluster().leading
            found = [httpx.get(address, headers={"Accept": "text/html"}).status_code for address in (url, other_url)]
    assert found == [200, 404]


def test_the_log_is_for_programs_where_that_is_asked(tmp_path: Path) -> None:
    with serving(tmp_path, "--log-format", "json") as (process, url), answering(url) as client:
        job = client.wait(client.submit(ENDLESS | {"budget": {"trials": 3}}).id).id
        process.send_signal(signal.SIGINT)
        said = [json.loads(line) for line in process.communicate(timeout=30)[0].splitlines()]
    assert [(record["job"], record["message"].split(":")[0]) for record in said] == [
        (job, "the job runs"),
        (job, "the job ends"),
    ]


Refused = Callable[..., str]


@pytest.fixture
def refuses(refused: Refused) -> Refused:
    """What a server says that does not start, and would not have opened its database yet."""
    return partial(refused, "serve")


def ends(*options: str, **environment: str) -> str:
    """What a server says, as a process, that ends as it starts."""
    ended = subprocess.run(
        [*NAS, "serve", *options],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def test_a_taken_port_is_said(refuses: Refused, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = refuses("--port", str(taken.getsockname()[1]), NAS_HOME=str(tmp_path))
    assert "is a server running there already" in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NAS_PORT", "many", "NAS_PORT cannot be 'many'"),
        ("NAS_LOG_FORMAT", "xml", "NAS_LOG_FORMAT cannot be 'xml'"),
        ("NAS_HOST", "192.0.2.1", "--allow-plain-http"),
        ("NAS_HOST", "no.such.host.invalid", "--allow-plain-http"),
    ],
)
def test_settings_that_cannot_be_are_said(refuses: Refused, tmp_path: Path, name: str, value: str, said: str) -> None:
    assert said in refuses("--port", "0", "--inline", "1", **({"NAS_HOME": str(tmp_path)} | {name: value}))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NAS_DATABASE_URL", "postgresql://127.0.0.1:9/none", "check NAS_DATABASE_URL"),
        ("NAS_DATABASE_URL", "what", "check NAS_DATABASE_URL"),
        ("NAS_HOME", "/proc/none", "NAS_HOME"),
    ],
)
def test_places_that_cannot_be_used_are_said(tmp_path: Path, name: str, value: str, said: str) -> None:
    assert said in ends("--port", "0", "--inline", "1", **({"NAS_HOME": str(tmp_path)} | {name: value}))


def test_other_machines_are_let_in_with_a_key_and_tls_or_where_that_is_said(refuses: Refused, tmp_path: Path) -> None:
    """192.0.2.1 is no address of any machine, so a server that would start cannot listen there."""

    def said(*options: str) -> str:
        return refuses("--host", "192.0.2.1", "--port", "0", "--inline", "1", *options, NAS_HOME=str(tmp_path))

    assert "--tls-cert" in said("--allow-keyless")
    assert "nas key create" in said("--allow-plain-http")
    assert "cannot listen" in said("--allow-plain-http", "--allow-keyless")
    store = Store(f"sqlite:///{tmp_path}/nas.sqlite")
    expired, valid = (access.make("ann", Scope.ADMIN, 1.0, end)[0] for end in (2.0, None))
    for key, wanted in ((expired, "nas key create"), (valid, "cannot listen")):
        with store.write() as conn:
            keys.add(conn, key)
        assert wanted in said("--allow-plain-http")
    assert "--tls-cert" in said()
    store.close()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """Of 127.0.0.1, signed by itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl, which makes the certificate")
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    wanted = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "36500", "-nodes"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", *wanted, "-out", files[0], "-keyout", files[1]]
    subprocess.run(made, check=True, capture_output=True)
    return files


def test_https_is_served_to_who_trusts_the_certificate(
    tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--tls-cert", str(certificate[0]), "--tls-key", str(certificate[1]))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with serving(tmp_path / "home", *options) as (_, url):
        assert url.startswith("https://")
        trusting = httpx.HTTPTransport(verify=ssl.create_default_context(), retries=5)
        with httpx.Client(transport=trusting) as http:
            http.get(f"{url}/healthz", timeout=120).raise_for_status()
        with Client(url) as client:
            assert client.cluster().kind == "inline"
        monkeypatch.delenv("SSL_CERT_FILE")
        with Client(url) as client, pytest.raises(ServerAway, match="certificate"):
            client.cluster()


def test_files_that_are_no_certificate_are_said(
    refuses: Refused, tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    cert, key = map(str, certificate)
    home = {"NAS_HOME": str(tmp_path / "home")}
    assert "belong together" in refuses("--tls-cert", cert, **home)
    assert "No such file" in refuses("--tls-cert", cert, "--tls-key", str(tmp_path / "none.pem"), **home)
    assert "cannot be used" in refuses("--tls-cert", key, "--tls-key", key, **home)


def test_a_database_of_a_newer_version_is_not_served(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/nas.sqlite")
    store.migrate()
    with store.write() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    said = ends("--port", "0", "--inline", "1", NAS_HOME=str(tmp_path))
    assert "the database has schema 9999" in said
    assert "install the version of nas-service that wrote it" in said


def test_a_database_that_goes_away_as_the_service_starts_is_waited_for(tmp_path: Path) -> None:
    class Away(FilePresence):
        def enter(self) -> bool:
            raise OperationalError("SELECT", {}, Exception("connection refused"))

    assert not _runs_elsewhere(Away(tmp_path / "leader"))


def test_the_command_line_loads_no_heavy_library() -> None:
    program = (
        "import sys, nas_service.commands, nas_service.app\n"
        "print(sorted({'torch', 'ray', 'nicegui', 'onnx', 'onnxruntime', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
