"""Says what a video shows: python run.py VIDEO [MODEL]. VIDEO is a file (needs PyAV), or a .npy file of frames."""

import json
import sys
from typing import Any

import numpy as np
import onnxruntime


def frames_of(video: str, steps: dict[str, Any]) -> list[Any]:
    """The clip from the middle of a video, as frames (height, width, channels) from 0 to 255."""
    if video.endswith(".npy"):  # (frames, height, width, channels), as fast as the training data's
        frames, stride = list(np.load(video)), steps["frame_stride"]
    else:
        import av

        with av.open(video) as container:
            decoded = list(container.decode(video=0))
        colours = "rgb24" if steps["channels"] == 3 else "gray"
        frames = [np.rot90(np.atleast_3d(f.to_ndarray(format=colours)), (f.rotation or 0) // 90) for f in decoded]
        stride = (len(frames) - 1) / max(1e-9, decoded[-1].time - decoded[0].time) / steps["frame_rate"]
    times = np.floor(np.arange(steps["frames"]) * stride + 0.5).astype(int)
    start = max(0, len(frames) - 1 - times[-1]) // 2
    return [frames[time % len(frames)] for time in start + times]


def squared(x: Any, steps: dict[str, Any]) -> Any:
    """A frame at the size of the network: bilinear, antialiased where it shrinks."""
    if steps["fit"] == "crop":
        side = min(x.shape[:2])
        top, left = (x.shape[0] - side) // 2, (x.shape[1] - side) // 2
        x = x[top : top + side, left : left + side]
    elif steps["fit"] == "pad":
        side = max(x.shape[:2])
        whole = np.zeros((side, side, x.shape[2]), x.dtype)
        top, left = (side - x.shape[0]) // 2, (side - x.shape[1]) // 2
        whole[top : top + x.shape[0], left : left + x.shape[1]] = x
        x = whole
    for axis, new in enumerate(steps["size"]):
        there, here = ((np.arange(n) + 0.5) / n for n in (new, x.shape[axis]))
        weights = np.maximum(0, 1 - np.abs(there[:, None] - here) * min(new, x.shape[axis]))
        x = np.moveaxis(np.moveaxis(x, axis, -1) @ (weights / weights.sum(1, keepdims=True)).T, -1, axis)
    return x


def main(video: str, model: str = "model.onnx") -> str:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    steps, classes = json.loads(facts["preprocessing"]), json.loads(facts["classes"])
    x = np.stack([squared(frame, steps) for frame in frames_of(video, steps)])
    x = (x / steps["pixel_max"] - np.array(steps["mean"])) / np.array(steps["std"])
    x = x.transpose(0, 3, 1, 2) if steps["layout"] == "TCHW" else x.transpose(3, 0, 1, 2)[None]
    logits = session.run(None, {"input": x.astype(np.float32)})[0]
    return str(classes[int(logits.argmax())])


if __name__ == "__main__":
    sys.stdout.write(main(*sys.argv[1:]) + "\n")
