"""Images of single characters made small and upright, as the published WANN code does it with OpenCV.

The same formulas in numpy: bilinear scaling without smoothing, then a shear that makes the image's second mixed moment
vanish. OpenCV rounds the shear's positions to 1/32 pixel; nothing is rounded here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float64]  # (n, height, width)

LEAST_MOMENT = 0.01  # below it an image holds too little to tell how it leans


def resized(images: Images, side: int) -> Images:
    """Images (n, side, side): each new pixel lies between the four old ones about its centre."""
    rows, columns = (_bilinear(size, side) for size in images.shape[1:])
    return np.asarray(rows @ images @ columns.T)


def deskewed(images: Images) -> Images:
    """Square images sheared by mu11/mu02 about their middle; those with |mu02| < 0.01 stay as they are.

    What is drawn in from outside is 0.
    """
    _, height, width = images.shape
    rows = np.arange(height)[:, None]
    positions = np.arange(width) + _skews(images)[:, None, None] * (rows - width / 2)
    left = np.floor(positions).astype(np.intp)
    share = positions - left
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1)))
    before, after = (np.take_along_axis(padded, np.clip(left + step, 0, width + 1), axis=2) for step in (1, 2))
    return np.asarray(before * (1 - share) + after * share)


def _skews(images: Images) -> NDArray[np.float64]:
    """mu11/mu02 of each image (n,), 0 where mu02 is next to nothing."""
    _, height, width = images.shape
    y, x = np.mgrid[:height, :width]
    mass = images.sum((1, 2))
    whole = np.where(mass == 0, 1, mass)
    mean_x, mean_y = ((images * axis).sum((1, 2)) / whole for axis in (x, y))
    across, down = x - mean_x[:, None, None], y - mean_y[:, None, None]
    mu11, mu02 = (images * across * down).sum((1, 2)), (images * down * down).sum((1, 2))
    leans = np.abs(mu02) >= LEAST_MOMENT
    return np.where(leans, mu11 / np.where(leans, mu02, 1), 0.0)


def _bilinear(size: int, target: int) -> NDArray[np.float64]:
    """The weights (target, size) of old pixels in new ones; the outermost pixels go on beyond the edge."""
    positions = np.clip((np.arange(target) + 0.5) * size / target - 0.5, 0, size - 1)
    return np.asarray(np.maximum(0, 1 - np.abs(positions[:, None] - np.arange(size))))
