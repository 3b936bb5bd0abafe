"""Says what an image shows: python run.py IMAGE [MODEL]. IMAGE is a picture (needs Pillow) or a .npy file of pixels."""

import json
import sys

import numpy as np
import onnxruntime


def main(image: str, model: str = "model.onnx") -> str:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    steps, classes = json.loads(facts["preprocessing"]), json.loads(facts["classes"])
    if image.endswith(".npy"):  # (channels, height, width), from 0 to the task's largest pixel value
        x = np.load(image)
    else:
        from PIL import Image, ImageOps

        x = ImageOps.exif_transpose(Image.open(image)).convert("RGB" if steps["channels"] == 3 else "L")
        if steps["fit"] != "stretch":  # made square as the training images were
            fit = ImageOps.fit if steps["fit"] == "crop" else ImageOps.pad
            x = fit(x, (max(steps["size"]), max(steps["size"])), Image.Resampling.BILINEAR)
        x = np.atleast_3d(np.asarray(x)).transpose(2, 0, 1) * (steps["pixel_max"] / 255)
    for axis, new in zip((-2, -1), steps["size"], strict=True):  # bilinear, antialiased where it shrinks
        there, here = ((np.arange(n) + 0.5) / n for n in (new, x.shape[axis]))
        weights = np.maximum(0, 1 - np.abs(there[:, None] - here) * min(new, x.shape[axis]))
        x = np.moveaxis(np.moveaxis(x, axis, -1) @ (weights / weights.sum(1, keepdims=True)).T, -1, axis)
    if not steps["normalised_inside"]:
        x = (x / steps["pixel_max"] - np.reshape(steps["mean"], (-1, 1, 1))) / np.reshape(steps["std"], (-1, 1, 1))
    logits = session.run(None, {"input": np.reshape(x, (1, steps["channels"], *steps["size"])).astype(np.float32)})[0]
    return str(classes[int(logits.argmax())])


if __name__ == "__main__":
    sys.stdout.write(main(*sys.argv[1:]) + "\n")
