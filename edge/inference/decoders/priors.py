"""SSD's prior boxes: read from a file, or made from a description like that of Caffe's PriorBox layer."""

from math import ceil, sqrt
from typing import Any, List, Mapping, Sequence, Tuple

import numpy as np

from edge.errors import Incompatible


def read_priors(path: str) -> np.ndarray:
    """The (P, 4) float32 priors of a .npy file: cx cy w h in fractions of the input."""
    try:
        priors = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as e:
        raise Incompatible("priors {}: {}".format(path, e)) from None
    if priors.ndim != 2 or priors.shape[1] != 4 or not np.isfinite(priors).all():
        raise Incompatible("priors {}: {} instead of (P, 4) finite numbers".format(path, priors.shape))
    return np.asarray(priors, dtype=np.float32)


def make_priors(levels: Sequence[Mapping[str, Any]], size: Tuple[int, int]) -> np.ndarray:
    """(P, 4) float32 cx cy w h in fractions of an input of ``size`` (width, height), level by level, row by row.

    A level has ``step`` (pixels from cell to cell) or ``map`` (columns, rows), and for each cell, in this order, for
    each of ``min_sizes`` (pixels): the square of that size; with ``max_sizes``, the square of sqrt(min * max); for each
    of ``aspect_ratios``, a box of that ratio and one of its inverse with the first square's area.
    ``clip`` limits cx cy w h to 0..1, as PyTorch's SSDs do (Caffe clips corners: give a file for such).
    """
    made = [_level(level, size) for level in levels]
    return np.concatenate(made).astype(np.float32)


def _level(level: Mapping[str, Any], size: Tuple[int, int]) -> np.ndarray:
    shapes = np.array(_shapes(level), dtype=np.float64)
    step_x, step_y, columns, rows = _cells(level, size)
    y, x = np.mgrid[:rows, :columns]
    centres = np.stack([(x.ravel() + 0.5) * step_x, (y.ravel() + 0.5) * step_y], axis=1)
    boxes = np.empty((len(centres), len(shapes), 4))
    boxes[:, :, :2] = centres[:, None]
    boxes[:, :, 2:] = shapes
    boxes = boxes.reshape(-1, 4) / np.array(size * 2, dtype=np.float64)
    return np.clip(boxes, 0.0, 1.0) if level.get("clip") else boxes


def _cells(level: Mapping[str, Any], size: Tuple[int, int]) -> Tuple[float, float, int, int]:
    """Pixels from cell to cell across and down, and how many columns and rows of cells there are."""
    cells = level.get("map")
    if level.get("step") is None:
        if cells is None:
            raise Incompatible("a level of priors needs step or map")
        return size[0] / float(cells[0]), size[1] / float(cells[1]), int(cells[0]), int(cells[1])
    step = float(level["step"])
    columns, rows = cells or (ceil(size[0] / step), ceil(size[1] / step))
    return step, step, int(columns), int(rows)


def _shapes(level: Mapping[str, Any]) -> List[Tuple[float, float]]:
    """Width and height in pixels of each prior of a cell."""
    smalls = [float(v) for v in level.get("min_sizes") or ()]
    larges = [float(v) for v in level.get("max_sizes") or ()]
    if not smalls or (larges and len(larges) != len(smalls)):
        raise Incompatible("a level of priors needs min_sizes, and as many max_sizes or none")
    shapes: List[Tuple[float, float]] = []
    for index, small in enumerate(smalls):
        shapes.append((small, small))
        if larges:
            middle = sqrt(small * larges[index])
            shapes.append((middle, middle))
        for ratio in level.get("aspect_ratios") or ():
            root = sqrt(float(ratio))
            shapes += [(small * root, small / root), (small / root, small * root)]
    return shapes
