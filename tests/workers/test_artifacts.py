from __future__ import annotations

import errno
import os
from pathlib import Path
from threading import Thread

import pytest
import torch

from workers.artifacts import ArtifactError, ArtifactStore
from workers.failures import cause_of, message_of
from workers.weights import load_weights, save_weights


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path.as_uri() if request.param == "file" else f"memory://{tmp_path}")


def test_content_comes_back_by_its_name(store: ArtifactStore) -> None:
    name = store.put(b"weights", ".safetensors")
    assert name.endswith(".safetensors")
    assert store.get(name) == b"weights"
    assert store.exists(name)


def test_equal_content_is_stored_once(store: ArtifactStore) -> None:
    assert store.put(b"one") == store.put(b"one")
    store.put(b"another")
    assert sorted(size for _, size in store.sizes()) == [3, 7]


def test_an_empty_store_lists_nothing(store: ArtifactStore) -> None:
    assert list(store.sizes()) == []


def test_deleting_twice_is_no_error(store: ArtifactStore) -> None:
    name = store.put(b"gone")
    store.delete(name)
    store.delete(name)
    assert not store.exists(name)
    with pytest.raises(ArtifactError, match="there is no artifact"):
        store.get(name)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "ab/../../x", "ab/abc.onnx", "/etc/passwd"])
def test_names_cannot_leave_the_store(store: ArtifactStore, name: str) -> None:
    with pytest.raises(ArtifactError, match="no artifact's name"):
        store.get(name)


def test_damage_is_noticed(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path.as_uri())
    name = store.put(b"whole")
    (tmp_path / name).write_bytes(b"who")
    with pytest.raises(ArtifactError, match="damaged"):
        store.get(name)


def test_a_partial_file_is_no_artifact(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path.as_uri())
    name = store.put(b"whole")
    (tmp_path / f"{name}.partial-1-2").write_bytes(b"wh")
    assert [listed for listed, _ in store.sizes()] == [name]


def test_many_writers_of_one_content_leave_one_whole_file(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path.as_uri())
    content = bytes(1_000_000)
    writers = [Thread(target=store.put, args=(content,)) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    ((name, size),) = store.sizes()
    assert (size, store.get(name)) == (1_000_000, content)


def test_state_dicts_round_trip_whatever_their_memory_format(store: ArtifactStore) -> None:
    conv = torch.nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    loaded = load_weights(store, save_weights(store, conv.state_dict()))
    assert loaded.keys() == conv.state_dict().keys()
    assert all(torch.equal(loaded[name], value) for name, value in conv.state_dict().items())


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = ArtifactStore(tmp_path.as_uri())
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left") as error:
        store.put(b"weights")
    assert (cause_of(error.value), "nas gc" in message_of(error.value)) == ("disk_full", True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_time_of_storing_is_renewed_by_storing_again(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path.as_uri())
    name = store.put(b"weights")
    os.utime(tmp_path / name, (100, 100))
    assert store.stored_at(name) == 100
    store.put(b"weights")
    assert store.stored_at(name) > 100
    store.delete(name)
    assert store.stored_at(name) == float("inf")
