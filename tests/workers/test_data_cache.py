"""The cache of decoded images: one process makes an entry, others wait; bounded; nothing half-made is ever seen."""

from __future__ import annotations

import errno
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

from workers.tasks.data_cache import CacheError, DataCache, Pixels
from workers.tasks.data_facts import Facts, facts_of, stamp

SHAPE = (100, 1, 10, 10)
SIZE = 10_128


def ones(images: Pixels) -> None:
    images[:] = 1


def never(images: Pixels) -> None:
    pytest.fail("made again")


@pytest.fixture
def cache(tmp_path: Path) -> DataCache:
    return DataCache(tmp_path / "cache", 3 * SIZE)


def names(cache: DataCache) -> set[str]:
    return {path.stem for path in cache.folder.glob("*.npy")}


def test_an_array_is_made_once(cache: DataCache) -> None:
    made = cache.array("a", SHAPE, ones)
    again = cache.array("a", SHAPE, never)
    assert (made == 1).all()
    assert np.array_equal(made, again)
    assert not made.flags.writeable
    assert (cache.folder / "a.npy").stat().st_size == SIZE


def test_the_least_recently_used_goes_first(cache: DataCache) -> None:
    for moment, name in enumerate("abc"):
        cache.array(name, SHAPE, ones)
        os.utime(cache.folder / f"{name}.npy", (moment, moment))
    kept = cache.array("a", SHAPE, never)  # used again, so b is the oldest now
    cache.array("d", SHAPE, ones)
    assert names(cache) == {"a", "c", "d"}
    assert (kept == 1).all()


def test_what_is_mapped_survives_its_eviction(cache: DataCache) -> None:
    first = cache.array("a", SHAPE, ones)
    for name in "bcdef":
        cache.array(name, SHAPE, ones)
    assert "a" not in names(cache)
    assert (first == 1).all()


def test_an_array_larger_than_the_cache_is_refused(cache: DataCache) -> None:
    with pytest.raises(CacheError, match=r"raise NAS_CACHE_GB or lower task\.size"):
        cache.array("big", (1000, 1, 10, 10), ones)
    assert not cache.folder.exists()


def test_what_fails_leaves_nothing_behind(cache: DataCache) -> None:
    def fail(images: Pixels) -> None:
        raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        cache.array("a", SHAPE, fail)
    assert not [path for path in cache.folder.iterdir() if path.suffix != ".lock"]
    assert (cache.array("a", SHAPE, ones) == 1).all()


def test_a_file_that_was_cut_off_is_made_again(cache: DataCache) -> None:
    cache.array("a", SHAPE, ones)
    (cache.folder / "a.npy").write_bytes(b"\x93NUMPY")
    assert (cache.array("a", SHAPE, ones) == 1).all()


def test_what_a_dead_process_left_is_collected(cache: DataCache) -> None:
    cache.folder.mkdir()
    (cache.folder / "dead.partial").write_bytes(bytes(3 * SIZE))
    cache.array("a", SHAPE, ones)
    assert not (cache.folder / "dead.partial").exists()


def test_a_full_disk_is_an_error_and_not_a_crash(cache: DataCache, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(CacheError, match="No space left on device; free space there, or name another folder"):
        cache.array("a", SHAPE, ones)
    assert names(cache) == set()


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheError, match="NAS_CACHE"):
        DataCache(tmp_path / "file" / "cache", 1e9).array("a", SHAPE, ones)


def _worker(folder: Path, made: Path) -> None:
    def fill(images: Pixels) -> None:
        with made.open("a") as file:
            file.write(f"{os.getpid()}\n")
        images[:] = 7

    found = DataCache(folder, 1e9).array("shared", (1000, 3, 64, 64), fill)
    assert (found == 7).all()


def test_of_many_processes_one_makes_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_worker, args=(tmp_path / "cache", tmp_path / "made")) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert len((tmp_path / "made").read_text().splitlines()) == 1


def test_the_environment_names_folder_and_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_HOME", str(tmp_path))
    assert DataCache.of_environment().folder == tmp_path / "cache"
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("NAS_CACHE_GB", "1.5")
    assert DataCache.of_environment().most_bytes == 1.5e9
    assert DataCache.of_environment().folder == tmp_path / "elsewhere"
    monkeypatch.setenv("NAS_CACHE_GB", "plenty")
    with pytest.raises(CacheError, match="expected a number of gigabytes"):
        DataCache.of_environment()


FACTS = Facts("c0ffee", 3, 1, 8, ("a", "b"))


def test_facts_are_kept_until_a_file_is_touched(cache: DataCache, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_text("some")
    before = stamp([data])
    assert facts_of(before, cache, lambda: FACTS) == FACTS
    assert facts_of(before, cache, lambda: pytest.fail("read again")) == FACTS
    data.write_text("more")
    assert stamp([data]) != before


def test_facts_do_without_a_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert facts_of("key", DataCache(tmp_path / "file" / "cache", 1), lambda: FACTS) == FACTS


def test_damaged_facts_are_read_again(cache: DataCache) -> None:
    facts_of("key", cache, lambda: FACTS)
    (cache.folder / "facts" / "key.json").write_text('{"content": 1')
    assert facts_of("key", cache, lambda: FACTS) == FACTS
