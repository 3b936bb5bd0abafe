"""`nas key`: the keys of a database, without a server, and the commands that show one to a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from services import SPEC, Live, live

from nas_service import access
from nas_service.client import Client
from nas_service.store import Store, keys

Nas = Callable[..., tuple[int, str, str]]


@pytest.fixture
def nas(nas_alone: Nas) -> Nas:
    return nas_alone


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path}/home/nas.sqlite")
    yield opened
    opened.close()


def test_a_key_is_shown_once_and_opens(nas: Nas, store: Store) -> None:
    code, out, err = nas("key", "create", "--owner", "ann", "--scope", "submit")
    key = out.strip()
    assert (code, "not shown again" in err, key in err) == (0, True, False)
    with store.read() as conn:
        (kept,) = keys.listed(conn)
    assert access.opens(key, kept, kept.created_at)
    assert (kept.owner, kept.scope, kept.expires_at) == ("ann", "submit", None)
    for arguments in (("key", "list"), ("key", "list", "--json")):
        _, out, err = nas(*arguments)
        assert kept.id in out
        assert kept.hash not in out + err
        assert key[-43:] not in out + err


def test_a_key_may_expire(nas: Nas) -> None:
    made = json.loads(nas("key", "create", "--owner", "ann", "--scope", "read", "--expires", "90d", "--json")[1])
    assert made["expires_at"] == made["created_at"] + 90 * 86400
    assert made["key"].startswith(f"nas_{made['id']}_")
    (listed,) = json.loads(nas("key", "list", "--json")[1])
    assert listed == {name: value for name, value in made.items() if name != "key"}


def test_keys_are_listed_with_what_became_of_them(nas: Nas, store: Store) -> None:
    for owner in ("ann", "bob"):
        nas("key", "create", "--owner", owner, "--scope", "read")
    with store.write() as conn:
        revoked = keys.listed(conn)[0].id
        keys.add(conn, access.make("zoe", access.Scope.ADMIN, 2e9, 1.0)[0])
    code, out, _ = nas("key", "revoke", revoked)
    assert (code, out) == (0, f"key {revoked} is revoked\n")
    states = {key["owner"]: key["state"] for key in json.loads(nas("key", "list", "--json")[1])}
    assert states == {"ann": "revoked", "bob": "valid", "zoe": "expired"}
    assert all(word in nas("key", "list")[1] for word in ("revoked", "valid", "expired", "zoe", "admin"))


def test_no_keys_yet(nas: Nas, store: Store) -> None:
    store.migrate()
    assert "nas key create" in nas("key", "list")[1]
    assert nas("key", "list", "--json")[1] == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "--owner", "ann"), "--scope"),
        (("create", "--scope", "read"), "--owner"),
        (("create", "--owner", "ann", "--scope", "all"), "admin"),
        (("create", "--owner", " ", "--scope", "read"), "an owner has 1 to 100"),
        (("create", "--owner", "ann", "--scope", "read", "--expires", "soon"), "--expires 'soon' is no time"),
        (("revoke", "nothing"), "there is no database"),
        (("list",), "there is no database"),
    ],
)
def test_bad_input_ends_with_code_2(nas: Nas, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = nas("key", *arguments)
    assert (code, out) == (2, "")
    assert said in " ".join(err.split())


def test_revoking_no_key_is_said(nas: Nas, store: Store) -> None:
    store.migrate()
    code, _, err = nas("key", "revoke", "nothing")
    assert code == 2
    assert "there is no key 'nothing'" in err


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Live]:
    with live(tmp_path / "home") as served:
        yield served


def test_commands_and_clients_show_the_key_of_the_environment(
    nas: Nas, running: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service takes notice of a key at once, and the command line of the environment."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(yaml.safe_dump(SPEC))
    monkeypatch.setenv("NAS_SERVER", running.url)
    assert nas("jobs")[0] == 0
    key = nas("key", "create", "--owner", "ann", "--scope", "submit")[1].strip()
    code, _, err = nas("jobs")
    assert (code, "nas key create" in err) == (2, True)
    monkeypatch.setenv("NAS_API_KEY", key)
    job = json.loads(nas("submit", str(spec), "--wait", "--json")[1])
    assert (job["owner"], job["state"]) == ("ann", "finished")
    assert job["id"] in nas("jobs", "--owner", "ann")[1]
    assert job["id"] not in nas("jobs", "--owner", "bob")[1]
    assert "owner      ann" in nas("show", job["id"])[1]
    with Client(running.url) as client:
        assert client.job(job["id"]).owner == "ann"
    monkeypatch.setenv("NAS_API_KEY", "nas_\n")
    code, _, err = nas("jobs")
    assert (code, "is no key" in err) == (2, True)
