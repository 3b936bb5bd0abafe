"""What int8 exports are calibrated on: images that the network was trained on."""

from __future__ import annotations

import numpy as np

from .tasks.image_data import ImageData, Split

CALIBRATION_IMAGES = 256  # at most
CALIBRATION_SEED = 20260103


def calibration_split(data: ImageData) -> Split:
    """Training images to calibrate on, the same ones for every file of a task."""
    chosen = np.random.default_rng(CALIBRATION_SEED).permutation(len(data.train))[:CALIBRATION_IMAGES]
    return Split(data.train.images[chosen], data.train.labels[chosen])
