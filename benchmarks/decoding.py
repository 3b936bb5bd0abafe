"""Clips a second that `videofolder` delivers into training, beside decoding the files anew; and the memory it takes.

A folder of H.264 files is made (320x240, 48 frames, a key frame a second). Both loaders give the trainer the same
frames, normalised and moved in the same way: ours reads them from the cache, which every file was decoded into once;
the other one decodes them for each clip, with PyAV, from the key frame before the first of them on, and scales them to
the network's size at once. Batches of the two alternate, on one thread; the ratio is a median over neighbours. Once at
the size of the cache, and once for a network that takes half of it, for which ours has to scale each clip.

Then a process of its own runs the whole path (inspect the files, decode them into a cache, train one epoch) while the
system refuses it more private memory than a tenth of that cache, beyond what it has after the same work on a few files.
Reading the cache as one array has to fail there.

    python benchmarks/decoding.py [--json] [--quick]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
import torch
from torch import Generator, Tensor

from device_agent.machine import Device
from search_spaces import Architecture
from search_spaces.tvn.block import Block
from search_spaces.tvn.network import Clip, TinyVideoNetwork
from workers.tasks import decoding
from workers.tasks.clip_data import ClipData
from workers.tasks.image_data import Indices
from workers.tasks.video_folder import VideoFolder
from workers.training import Clips, Inputs, Trainer, clips_of, seeded_module

VIDEOS = {"quick": 60, "full": 150}
ROUNDS = {"quick": 5, "full": 20}
CLASSES = ("down", "left", "right", "up")
FRAMES, RATE, WIDTH, HEIGHT = 48, 24, 320, 240
SIDE = 112  # of the cache
CLIP_FRAMES, CLIP_RATE = 16, 12.0
BATCH = 8
LARGE_SIDE = 224  # of the cache that is ten times as large as the memory
SMALL_BATCH = 4
WARM_UP_VIDEOS = 12
SHARE = 10
ALIKE = 0.15  # mean difference of both loaders' inputs, in standard deviations of a pixel
MB = 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="fewer videos: the same keys in under 50 seconds")
    parser.add_argument("--bounded", nargs=2, type=Path, metavar="FOLDER", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    if asked.bounded:
        print(json.dumps(asdict(bounded(*asked.bounded))))
        return
    report = run("quick" if asked.quick else "full")
    show(report)
    if asked.json:
        print(json.dumps(report))


def run(size: str) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        root, few = Path(folder, "videos"), Path(folder, "few")
        write_videos(root, VIDEOS[size])
        write_videos(few, WARM_UP_VIDEOS)
        decode_videos_s = {threads: decoded_s(root, Path(folder, f"cache{threads}"), threads) for threads in (2, 1)}
        with cache_in(Path(folder, "cache1")):
            data = task_of(root, SIDE).load()
            rows = {side: compared(root, data, side, ROUNDS[size]) for side in (SIDE, SIDE // 2)}
        memory = in_a_process(root, few, Path(folder, "bounded"))
    worst = min(rows.values(), key=lambda row: row.ratio)
    return {
        "cached_vs_decoding": round(worst.ratio, 2),
        "cached_clips_s": round(worst.cached_clips_s, 1),
        "decoding_clips_s": round(worst.decoding_clips_s, 1),
        "sides": {str(side): asdict(row) for side, row in rows.items()},
        "decode_videos_s": round(decode_videos_s[1], 1),
        "decode_videos_s_2_threads": round(decode_videos_s[2], 1),
        "paid_after_epochs": round(paid_after(worst, decode_videos_s[1]), 2),
        **asdict(memory),
        "videos": VIDEOS[size],
        "device": asdict(Device.here("benchmark")),
        "av": av.__version__,
        "size": size,
    }


def write_videos(root: Path, count: int) -> None:
    """A texture that drifts one way, its class, behind noise: like what cameras give, neither still nor all new."""
    ways = {"down": (3, 0), "left": (0, -3), "right": (0, 3), "up": (-3, 0)}

    def write(number: int) -> None:
        rng = np.random.default_rng(number)
        name = CLASSES[number % len(CLASSES)]
        texture = rng.integers(0, 256, (HEIGHT // 20, WIDTH // 20, 3), np.uint8).repeat(20, 0).repeat(20, 1)
        moved = (np.roll(texture, [time * step for step in ways[name]], (0, 1)) for time in range(FRAMES))
        noisy = (frame // 2 + rng.integers(0, 16, frame.shape, np.uint8) for frame in moved)
        write_video(root / name / f"{number:03}.mp4", noisy)

    for _ in decoding.in_parallel(write, range(count)):
        pass


def write_video(path: Path, frames: Iterator[np.ndarray[Any, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "g": str(RATE)})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.thread_count = 1
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def task_of(root: Path, side: int, batch: int = BATCH) -> VideoFolder:
    return VideoFolder(path=root, frames=FRAMES, frame_rate=RATE, size=side, batch_size=batch, flip=False)


@contextmanager
def cache_in(folder: Path) -> Iterator[None]:
    before = os.environ.get("NAS_CACHE")
    os.environ["NAS_CACHE"] = str(folder)
    yield
    if before is None:
        del os.environ["NAS_CACHE"]
    else:
        os.environ["NAS_CACHE"] = before


def decoded_s(root: Path, cache: Path, threads: int) -> float:
    """Videos a second that are inspected and decoded into an empty cache."""
    before, decoding.THREADS = decoding.THREADS, threads
    with cache_in(cache):
        started = time.perf_counter()
        videos = len(task_of(root, SIDE).load().train.videos)
        seconds = time.perf_counter() - started
    decoding.THREADS = before
    return videos / seconds


@dataclass(frozen=True)
class Comparison:
    """Clips a second of both loaders, and the ratio."""

    cached_clips_s: float
    decoding_clips_s: float
    ratio: float


@dataclass(frozen=True)
class Decoding(Clips):
    """The same clips from the files themselves, which stand in the order of the array's videos."""

    files: tuple[Path, ...] = field(kw_only=True)

    def _pixels(self, videos: Indices, times: Indices) -> Tensor:
        clips = [decoded(self.files[v], clip.tolist(), self.size[0]) for v, clip in zip(videos, times, strict=True)]
        return torch.from_numpy(np.stack(clips))


def decoded(path: Path, wanted: list[int], side: int) -> np.ndarray[Any, Any]:
    """uint8 (frames, side, side, 3) of these frames of a file, the middle of each."""
    kept = {}
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        assert stream.time_base is not None
        frame_of = stream.time_base * RATE
        container.seek(int(wanted[0] / frame_of), stream=stream)
        for frame in container.decode(stream):
            assert frame.pts is not None
            number = round(frame.pts * frame_of)
            if number in wanted:
                width = round(frame.width * side / frame.height)
                scaled = frame.reformat(width=width, height=side, format="rgb24", interpolation="BILINEAR")
                left = (width - side) // 2
                kept[number] = scaled.to_ndarray()[:, left : left + side]
            if number >= wanted[-1]:
                break
    return np.stack([kept[number] for number in wanted])


def compared(root: Path, data: ClipData, side: int, rounds: int) -> Comparison:
    """A batch of each loader in turn, of the same videos; the first round of each warms up and is not counted."""
    network = network_for(side, len(data.classes))
    cached = clips_of(data, data.train, network)
    files = tuple(task_of(root, SIDE)._usable().files)  # noqa: SLF001 - the array's own order
    anew = Decoding(**{name: getattr(cached, name) for name in Clips.__dataclass_fields__}, files=files)
    order = torch.randperm(len(cached), generator=Generator().manual_seed(0))
    ours, theirs = (loader.drawn(order[:BATCH], None, Generator()) for loader in (cached, anew))
    assert (ours - theirs).abs().mean() < ALIKE, "the loaders give different clips"
    seconds: dict[str, list[float]] = {"cached": [], "decoding": []}
    for number in range(rounds + 1):
        chosen = order[(number * BATCH + torch.arange(BATCH)) % len(order)]
        for name, loader in (("cached", cached), ("decoding", anew)):
            started = time.perf_counter()
            loader.drawn(chosen, data.augmentation, Generator().manual_seed(number))
            seconds[name].append(time.perf_counter() - started)
    short, long = (times[1:] for times in seconds.values())
    ratio = median(b / a for a, b in zip(short, long, strict=True))
    return Comparison(BATCH / median(short), BATCH / median(long), ratio)


def network_for(side: int, classes: int) -> Architecture:
    blocks = (Block("std", 3, 4, "1d", 3, 2, 8, 1), Block("depthwise", 3, 2, "1d", 1, 1, 16, 2, se=0.5))
    return TinyVideoNetwork(Clip(CLIP_FRAMES, side, CLIP_RATE), blocks).architecture(classes)


def paid_after(row: Comparison, decode_videos_s: float) -> float:
    """Epochs, of one clip a video, until decoding once has cost less than decoding for every clip."""
    return (1 / decode_videos_s) / (1 / row.decoding_clips_s - 1 / row.cached_clips_s)


@dataclass(frozen=True)
class Memory:
    """What a process took while it was allowed `limit_mb` more, in megabytes of a million bytes."""

    cache_mb: float
    limit_mb: float
    interpreter_mb: float
    peak_anonymous_mb: float
    trained_clips: int
    validated_clips: int
    whole_array_fits: bool


def in_a_process(root: Path, few: Path, cache: Path) -> Memory:
    command = [sys.executable, __file__, "--bounded", str(root), str(few)]
    environment = os.environ | {"NAS_CACHE": str(cache), "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return Memory(**json.loads(done.stdout.splitlines()[-1]))


def bounded(root: Path, few: Path) -> Memory:
    """The whole path within a tenth of the cache that it makes, after the same on a few videos without a limit."""
    trained_on(few)
    before = status("RssAnon")
    limit = sum(len(list(folder.iterdir())) for folder in root.iterdir()) * FRAMES * LARGE_SIDE**2 * 3 // SHARE
    most = status("VmData") + limit
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    with watched() as peak:
        data, trained, validated = trained_on(root)
    return Memory(
        cache_mb=round(data.train.videos.nbytes / MB, 1),
        limit_mb=round(limit / MB, 1),
        interpreter_mb=round(before / MB, 1),
        peak_anonymous_mb=round((peak[0] - before) / MB, 1),
        trained_clips=trained,
        validated_clips=validated,
        whole_array_fits=fits(data),
    )


def trained_on(root: Path) -> tuple[ClipData, int, int]:
    """One epoch on a folder of videos; how many clips it trained on and how many it was validated on."""
    task = task_of(root, LARGE_SIDE, SMALL_BATCH)
    data = task.load()
    network = network_for(SIDE // 2, len(data.classes))
    inputs = Inputs(clips_of(data, data.train, network), clips_of(data, data.validation, network))
    trainer = Trainer(seeded_module(network, 0), inputs, task.options, data.augmentation, epochs=1, seed=0)
    (result,) = trainer.run(lambda: False)
    assert np.isfinite(result.train_loss)
    return data, trainer.steps * SMALL_BATCH, len(inputs.validation)


def fits(data: ClipData) -> bool:
    try:
        np.array(data.train.videos)
    except MemoryError:
        return False
    return True


@contextmanager
def watched() -> Iterator[list[int]]:
    """The most private memory that this process has meanwhile, looked at every few milliseconds."""
    peak = [0]
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.004):
            peak[0] = max(peak[0], status("RssAnon"))

    watcher = threading.Thread(target=look)
    watcher.start()
    yield peak
    done.set()
    watcher.join()


def status(name: str) -> int:
    """Bytes, from what Linux says of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) * 1024


def show(report: dict[str, Any]) -> None:
    print(f"{report['device']['cpu']}, PyAV {report['av']}, one thread; {report['videos']} videos of {WIDTH}x{HEIGHT},")
    print(f"{FRAMES} frames, cached at {SIDE} px; clips of {CLIP_FRAMES} frames into training, a second\n")
    print(f"{'network takes':<16}{'from the cache':>16}{'decoded anew':>16}{'ratio':>8}")
    for side, row in report["sides"].items():
        print(f"{side + ' px':<16}{row['cached_clips_s']:>16.1f}{row['decoding_clips_s']:>16.1f}{row['ratio']:>8.1f}")
    print(
        f"\ndecoding into the cache: {report['decode_videos_s']} videos/s, {report['decode_videos_s_2_threads']} with"
    )
    print(f"two threads; paid after {report['paid_after_epochs']} epochs")
    print(f"\nmemory, beyond the {report['interpreter_mb']} MB of the process when it had done it once: allowed")
    print(f"{report['limit_mb']} MB, taken {report['peak_anonymous_mb']} MB for a cache of {report['cache_mb']} MB;")
    print(f"{report['trained_clips']} clips trained on, {report['validated_clips']} validated on;")
    print(f"the cache as one array {'fits' if report['whole_array_fits'] else 'does not fit'}")


if __name__ == "__main__":
    main()
