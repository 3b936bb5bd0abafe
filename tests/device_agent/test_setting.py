"""Settings: what they are called in files, sentences and commands, and what is none."""

from __future__ import annotations

import pytest

from device_agent.setting import USUAL, Setting, precision_of, provider_of, threads_of

CUDA = "CUDAExecutionProvider"


@pytest.mark.parametrize(
    ("setting", "text", "words", "options"),
    [
        (USUAL, "1t", "1 thread", "--threads 1"),
        (Setting("all"), "all", "all threads", "--threads all"),
        (Setting("all", "int8"), "all-int8", "all threads, int8", "--threads all --precision int8"),
        (Setting(2, provider=CUDA), "2t-CUDA", f"2 threads, {CUDA}", f"--threads 2 --provider {CUDA}"),
        (
            Setting(2, "int8", CUDA),
            "2t-int8-CUDA",
            f"2 threads, int8, {CUDA}",
            f"--threads 2 --precision int8 --provider {CUDA}",
        ),
    ],
)
def test_a_setting_as_text(setting: Setting, text: str, words: str, options: str) -> None:
    assert (str(setting), setting.words, setting.options) == (text, words, options)


def test_all_are_as_many_as_there_are_cores() -> None:
    assert (Setting("all").on(4), Setting(3).on(4)) == (4, 3)


def test_what_is_given_replaces_what_there_is() -> None:
    assert Setting(2, "int8").but() == Setting(2, "int8")
    assert Setting(2, "int8").but("all", "float32", CUDA) == Setting("all", "float32", CUDA)


@pytest.mark.parametrize(("written", "found"), [("all", "all"), (1, 1), ("12", 12), (256, 256), (2.0, 2)])
def test_threads(written: object, found: object) -> None:
    assert threads_of(written) == found


@pytest.mark.parametrize("written", [0, 257, -1, True, 1.5, "", "every", None, [1], {"all": 1}])
def test_no_threads(written: object) -> None:
    with pytest.raises(ValueError, match="1 to 256, or all"):
        threads_of(written)


def test_precisions() -> None:
    assert [precision_of(name) for name in ("fp32", "float32", "int8")] == ["float32", "float32", "int8"]
    for wrong in ("int4", "", None, ["int8"], {}):
        with pytest.raises(ValueError, match="float32, fp32, int8"):
            precision_of(wrong)


def test_providers() -> None:
    assert provider_of(CUDA) == CUDA
    for wrong in ("cuda", "../ExecutionProvider", "", None, 3, "int8ExecutionProvider"):
        with pytest.raises(ValueError, match="such as CPUExecutionProvider"):
            provider_of(wrong)
