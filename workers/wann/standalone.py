"""Runs the network: python run.py VALUES [MODEL] [SHARED_WEIGHT]. VALUES are the inputs of one sample, as numbers with
commas between them, or a .npy file of shape (inputs,) or (samples, inputs). A line is printed for each sample: its
class where the network sorts, else its outputs.
"""

import json
import sys

import numpy as np
import onnxruntime


def main(values: str, model: str = "model.onnx", shared_weight: str = "") -> str:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
    x = np.load(values) if values.endswith(".npy") else np.array([float(value) for value in values.split(",")])
    feed = {"input": np.atleast_2d(x).astype(np.float32)}
    if shared_weight:  # only model.onnx takes one; left out, it is the best one found
        feed["shared_weight"] = np.array([shared_weight], np.float32)
    found = dict(zip((output.name for output in session.get_outputs()), session.run(None, feed), strict=True))
    if classes:
        return "\n".join(classes[answer] for answer in found.get("label", found["output"].argmax(1)))
    return "\n".join(" ".join(f"{value:.6g}" for value in sample) for sample in found["output"])


if __name__ == "__main__":
    sys.stdout.write(main(*sys.argv[1:]) + "\n")
