"""Pictures as arrays: what a simulated camera sees, raw data as planes, and how like two pictures are."""

from __future__ import annotations

from typing import List, Tuple

import numpy as np

#: Pictures after which the camera's bright square is where it began.
ROUND = 60


def camera_picture(number: int, width: int, height: int, sensor: int = 0) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The Y, U and V planes of a simulated sensor's picture, painted as plugin/camera_picture.c does."""
    x = np.arange(width)
    row = 32 + 128 * (x if sensor % 2 == 0 else width - 1 - x) // width
    luma = np.repeat(row[None, :], height, axis=0)
    side, left = height // 5, width * (number % ROUND) // ROUND
    top = (height - side) // 2
    luma[top : top + side, left : left + side] = 235
    half = (height + 1) // 2
    column = 128 * np.arange(half)[:, None] // half
    shape = (half, (width + 1) // 2)
    planes = luma, np.broadcast_to(64 + column, shape), np.broadcast_to(192 - column, shape)
    y, u, v = (plane.astype(np.uint8) for plane in planes)
    return y, u, v


def planes(data: bytes, form: str, width: int, height: int) -> List[np.ndarray]:
    """Y, U and V of NV12 or I420, or 16 bit Y, U and V of P010_10LE, as GStreamer lays them out."""
    half_width, half_height = (width + 1) // 2, (height + 1) // 2
    kind, size = (np.dtype("<u2"), 2) if form == "P010_10LE" else (np.dtype(np.uint8), 1)

    def cut(offset: int, lines: int, stride: int, samples: int) -> np.ndarray:
        flat = np.frombuffer(data, np.uint8, lines * stride, offset).reshape(lines, stride)
        return flat[:, : samples * size].copy().view(kind)

    stride = _round(width * size)
    y = cut(0, height, stride, width)
    # The luma plane has an even number of lines.
    offset = stride * (height + height % 2)
    if form == "I420":
        other = _round(half_width)
        u = cut(offset, half_height, other, half_width)
        return [y, u, cut(offset + other * half_height, half_height, other, half_width)]
    assert form in ("NV12", "P010_10LE"), form
    both = cut(offset, half_height, stride if form == "NV12" else _round(2 * half_width * size), 2 * half_width)
    return [y, both[:, 0::2], both[:, 1::2]]


def _round(stride: int) -> int:
    return (stride + 3) // 4 * 4


def psnr(a: np.ndarray, b: np.ndarray, peak: int = 255) -> float:
    """In dB; 99 for the same."""
    error = np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)
    return 99.0 if error == 0 else float(10 * np.log10(peak**2 / error))
