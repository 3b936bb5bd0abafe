"""`nas wann`: what it draws and converts, and how it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from services import SPEC, Live

from nas_service.client import Client
from search_spaces import Signature, get_space

Nas = Callable[..., tuple[int, str, str]]
GENOTYPE = get_space("wann").bind(Signature("vector", 3, 2, (1, 1))).sample(np.random.default_rng(0))
WANN = SPEC | {
    "space": {"name": "wann"},
    "task": {"name": "landscape", "kind": "vector", "channels": 3, "outputs": 2, "sizes": [1, 1]},
    "objective": {"reward": "metric", "cost": "params"},
    "budget": {"trials": 2},
}


@pytest.fixture
def genotype(tmp_path: Path) -> Path:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(GENOTYPE))
    return path


def test_a_genotype_survives_the_published_format(nas: Nas, genotype: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "mine.out", tmp_path / "again.json"
    enabled, disabled = (GENOTYPE["grid"].count(sign) for sign in "10")
    code, said, _ = nas("wann", "convert", genotype, out)
    counts = f"3 inputs, 0 hidden nodes, 2 outputs, {enabled} connections and {disabled} disabled ones"
    assert (code, said) == (0, f"{out}: {counts}\n")
    assert len(out.read_text().splitlines()) == 6
    assert nas("wann", "convert", out, again)[0] == 0
    assert json.loads(again.read_text()) == GENOTYPE


def test_files_are_drawn(nas: Nas, genotype: Path, tmp_path: Path) -> None:
    out, svg, tuned = tmp_path / "mine.out", tmp_path / "mine.svg", tmp_path / "weights.json"
    nas("wann", "convert", genotype, out)
    assert nas("wann", "picture", out, "-o", svg) == (0, f"{svg}\n", "")
    drawn = svg.read_text()
    assert "3 inputs" in drawn
    assert ">mine</text>" in drawn
    tuned.write_text(json.dumps([-1.5] * GENOTYPE["grid"].count("1")))
    assert nas("wann", "picture", genotype, "-o", svg, "--title", "tuned", "--weights", tuned)[0] == 0
    assert ">tuned</text>" in svg.read_text()
    assert ">negative</text>" in svg.read_text()


def test_disabled_connections_between_hidden_nodes_are_there_as_published(nas: Nas, tmp_path: Path) -> None:
    """One input, output 2, hidden nodes 3 and 4; of input to 3, 3 to 4 and 4 to the output the middle one is off."""
    chain = {"nodes": "1 1", "activations": "155", "grid": "00", "innovations": "1 1 1", "sources": "1 3 4"}
    path, out, svg = tmp_path / "chain.json", tmp_path / "chain.out", tmp_path / "chain.svg"
    path.write_text(json.dumps(chain | {"inputs": 1, "outputs": 1, "targets": "3 4 2", "enabled": "101"}))
    for flags, active in (((), 2), (("--published-disabled",), 3)):
        assert f"{active} connections and {5 - active} disabled" in nas("wann", "convert", path, out, *flags)[1]
        assert sum(row.split(",")[:-1].count("1.00e+00") for row in out.read_text().splitlines()) == active
        assert nas("wann", "picture", path, "-o", svg, *flags)[0] == 0
        assert f"{active} connections" in svg.read_text()


def test_candidates_are_drawn(nas: Nas, live: Live, client: Client, tmp_path: Path) -> None:
    job, svg = client.wait(client.submit(WANN).id).id, tmp_path / "net.svg"
    assert nas("wann", "picture", f"{job}.c1", "-o", svg, "--server", live.url)[0] == 0
    assert svg.read_text() == client.picture(f"{job}.c1")
    code, _, err = nas("wann", "picture", f"{job}.c99", "-o", svg, "--server", live.url)
    assert (code, "c99" in err) == (2, True)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("net.out", "0,0,1\n", "row 1 has 3 numbers, but 1 rows need 2"),
        ("net.json", "{", "is no JSON"),
        ("net.json", "[]", "holds no JSON object"),
        ("net.json", json.dumps(GENOTYPE | {"nodes": "1"}), "an output or a node is missing"),
        (
            "net.json",
            json.dumps(
                GENOTYPE
                | {
                    "nodes": "1",
                    "activations": "111",
                    "innovations": "1",
                    "sources": "6",
                    "targets": "6",
                    "enabled": "0",
                }
            ),
            "form a cycle",
        ),
        ("net.json", b"\xff\xfe", "no text in UTF-8"),
        ("net.json", None, "cannot be read: No such file"),
    ],
)
def test_files_that_are_no_networks_are_refused(
    nas: Nas, tmp_path: Path, name: str, content: str | bytes | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    for arguments in (("picture", path, "-o", tmp_path / "x.svg"), ("convert", path, tmp_path / _other(name))):
        code, _, err = nas("wann", *arguments)
        assert code == 2
        assert str(path) in err
        assert message in err
    assert not (tmp_path / "x.svg").exists()


def test_arguments_that_do_not_go_together_are_refused(nas: Nas, genotype: Path, tmp_path: Path) -> None:
    svg, weights = tmp_path / "x.svg", tmp_path / "weights.json"
    assert "one of them has to end in .out" in nas("wann", "convert", genotype, tmp_path / "b.json")[2]
    assert "go with a file" in nas("wann", "picture", "j1.c1", "-o", svg, "--title", "x")[2]
    assert "go with a file" in nas("wann", "picture", "j1.c1", "-o", svg, "--published-disabled")[2]
    assert "goes with a file" in nas("wann", "figures", "j1.c1", "--published-disabled")[2]
    weights.write_text("[1.0]")
    assert "but there are 1 weights" in nas("wann", "picture", genotype, "-o", svg, "--weights", weights)[2]
    weights.write_text('["1"]')
    assert "no JSON list of numbers" in nas("wann", "picture", genotype, "-o", svg, "--weights", weights)[2]
    for useless in ("[NaN]", "[true]", f"[1{'0' * 400}]"):
        weights.write_text(useless)
        assert "no JSON list of numbers" in nas("wann", "picture", genotype, "-o", svg, "--weights", weights)[2]
    assert "cannot be written" in nas("wann", "picture", genotype, "-o", tmp_path / "no" / "x.svg")[2]


def _other(name: str) -> str:
    return "made.json" if name.endswith(".out") else "made.out"
