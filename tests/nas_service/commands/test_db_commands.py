"""`nas db`: the database of NAS_HOME or NAS_DATABASE_URL, without a server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from searches import Lab, spec

from nas_service.commands import main
from nas_service.store import Store, jobs, revisions

Db = Callable[..., tuple[int, str, str]]
NEWEST = revisions.newest()


@pytest.fixture
def db(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Db:
    """Runs `nas db` on the home `here`, or another one: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, home: str = "here") -> tuple[int, str, str]:
        monkeypatch.setenv("NAS_HOME", home)
        with pytest.raises(SystemExit) as end:
            main(["db", *arguments])
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def searched(tmp_path: Path) -> Store:
    """A finished search in the home `here`."""
    store = Store(f"sqlite:///{tmp_path}/here/nas.sqlite")
    store.migrate()
    lab = Lab(store)
    lab.run(spec(5))
    lab.dispatcher.close()
    return store


def test_a_service_moves_to_another_home(db: Db, searched: Store) -> None:
    code, out, _ = db("backup", "rows.backup")
    assert code == 0
    assert out.startswith("rows.backup: ")
    assert "(1 jobs, 5 trials), schema" in out
    assert "not in it: artifacts" in out
    assert db("restore", "rows.backup", home="there")[0] == 0
    assert db("check", home="there") == (0, "the database is sound\n", "")
    assert db("backup", "again.backup", home="there")[1].split(",")[0].split(" ", 1)[1] in out


def test_upgrading_says_from_where_to_where(db: Db, tmp_path: Path) -> None:
    assert db("upgrade") == (0, f"upgraded from schema none to {NEWEST}\n", "")
    assert db("upgrade") == (0, f"schema {NEWEST} already\n", "")
    old = Store(f"sqlite:///{tmp_path}/old/nas.sqlite")
    with old.write() as conn:
        revisions.upgrade(conn, "0003")
    assert f"schema 0003, and only {NEWEST} can be checked" in db("check", home="old")[2]
    assert db("upgrade", home="old") == (0, f"upgraded from schema 0003 to {NEWEST}\n", "")


def test_what_is_broken_is_named_and_ends_with_1(db: Db, searched: Store) -> None:
    with searched.write() as conn:
        jobs.add(conn, "j", None, failed=2)
    said = "counters count rows: j counts otherwise than its rows do: failed"
    assert db("check") == (1, f"{said}\nfindings: 1\n", "")
    code, out, _ = db("check", "--json")
    assert (code, json.loads(out)[0]["row"]) == (1, "j")


def test_what_cannot_be_done_is_said_in_a_sentence(
    db: Db, searched: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text").write_text("hello")
    assert db("backup", "rows.backup")[0] == 0
    for said, arguments, home in (
        ("there is no database at", ["check"], "nowhere"),
        ("there is no database at", ["backup", "x"], "nowhere"),
        ("no such file", ["restore", "missing"], "there"),
        ("no such file", ["backup", "no/folder"], "here"),
        ("text is cut or damaged, or no backup", ["restore", "text"], "there"),
        ("the database holds rows already (table jobs)", ["restore", "rows.backup"], "here"),
    ):
        code, out, err = db(*arguments, home=home)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert said.lower() in err.lower()
    assert not (tmp_path / "nowhere").exists()
    monkeypatch.setenv("NAS_DATABASE_URL", "postgresql://127.0.0.1:9/none")
    assert "the database cannot be used" in db("check")[2]
    monkeypatch.setenv("NAS_PORT", "many")
    assert "NAS_PORT cannot be 'many'" in db("check")[2]


def test_a_newer_database_is_left_alone(db: Db, searched: Store) -> None:
    with searched.write() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for arguments in (["check"], ["upgrade"], ["backup", "x"]):
        code, _, err = db(*arguments)
        assert code == 2
        assert "the database has schema 9999, which is newer than this program's" in err
