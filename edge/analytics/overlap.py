"""How well foretold boxes and seen boxes cover each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def widened_iou(tracks: Array, boxes: Array, margin: Array) -> Array:
    """(T, N) intersection over union of every track's box with every box seen, both widened on all sides.

    ``tracks`` (T, 4) and ``boxes`` (N, 4) are cx cy w h with areas over 0; ``margin`` (T,) is the widening, which a
    track brings along for itself and for the box it is compared with. The idea of widening both is C-BIoU's (Yang et
    al., "Hard to Track Objects with Irregular Motions and Similar Appearances?", WACV 2023); there the margin is fixed,
    here it is the track's own uncertainty. Overlap of two widened boxes is the plain one's extent (negative across a
    gap) plus twice the margin on each axis.
    """
    half, seen_half = tracks[:, 2:] / 2.0, boxes[:, 2:] / 2.0
    extra = (margin * 2.0)[:, None, None]
    extent = np.minimum((tracks[:, :2] + half)[:, None], boxes[:, :2] + seen_half)
    extent -= np.maximum((tracks[:, :2] - half)[:, None], boxes[:, :2] - seen_half)
    extent += extra
    np.maximum(extent, 0.0, out=extent)
    common = extent[..., 0] * extent[..., 1]
    size = tracks[:, 2:] + extra[:, 0]
    seen = boxes[:, 2:] + extra
    union = seen[..., 0] * seen[..., 1]
    union += (size[:, 0] * size[:, 1])[:, None]
    union -= common
    common /= union
    return common
