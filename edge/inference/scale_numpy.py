"""Scale a picture and turn its colours with numpy alone: right, and several times slower than OpenCV.

Bilinear with half-pixel centres and clamped edges, as cv2.resize's INTER_LINEAR.
"""

from typing import Any, List, Sequence, Tuple

import numpy as np


class _Axis:
    """For each output position of one axis: the two neighbours in the source and the second one's weight."""

    def __init__(self, source: int, target: int) -> None:
        at = (np.arange(target) + 0.5) * (source / float(target)) - 0.5
        at = np.minimum(np.maximum(at, 0.0), source - 1.0)
        self.low = at.astype(np.intp)
        self.high = np.minimum(self.low + 1, source - 1)
        self.weight = (at - self.low).astype(np.float32)


class NumpyScaler:
    """As ``Cv2Scaler``: the same arguments, and the same answers within 3 of 255.

    (OpenCV rounds the samples to bytes between the resize and the colour matrix, which doubles a blue's error.)
    """

    def __init__(self, shapes: Sequence[Tuple[int, ...]], size: Tuple[int, int], matrix: np.ndarray) -> None:
        self._axes = [(_Axis(s[0], size[1]), _Axis(s[1], size[0])) for s in shapes]
        self._matrix = matrix.astype(np.float32)
        self._size = size

    @staticmethod
    def depends_on(shapes: Sequence[Tuple[int, ...]]) -> Any:
        """What of the planes' shapes must stay the same: all, since weights are for a size."""
        return tuple(shapes)

    def planes(self, sources: Sequence[np.ndarray]) -> np.ndarray:
        """The small picture as uint8 (channels, h, w)."""
        samples: List[np.ndarray] = []
        for source, (rows, columns) in zip(sources, self._axes):
            small = _resize(source, rows, columns)
            samples.extend([small] if small.ndim == 2 else [small[:, :, i] for i in range(small.shape[2])])
        out = np.empty((len(self._matrix), self._size[1], self._size[0]), dtype=np.uint8)
        for row, target in zip(self._matrix, out):
            total = np.full(target.shape, row[-1] + np.float32(0.5), dtype=np.float32)
            for weight, sample in zip(row, samples):
                if weight:
                    total += sample * weight
            target[...] = np.minimum(np.maximum(total, 0.0), 255.0)
        return out

    def packed(self, sources: Sequence[np.ndarray]) -> np.ndarray:
        """The small picture as uint8 (h, w, channels)."""
        return self.planes(sources).transpose(1, 2, 0)


def _resize(source: np.ndarray, rows: _Axis, columns: _Axis) -> np.ndarray:
    """uint8 (h, w) or (h, w, n) -> float32 of the axes' target size."""
    across = columns.weight if source.ndim == 2 else columns.weight[:, None]
    down = rows.weight.reshape((-1,) + (1,) * (source.ndim - 1))
    edges: List[np.ndarray] = []
    for index in (rows.low, rows.high):
        line = np.take(source, index, axis=0)
        left = np.take(line, columns.low, axis=1).astype(np.float32)
        edges.append(left + (np.take(line, columns.high, axis=1) - left) * across)
    top, bottom = edges
    bottom -= top
    bottom *= down
    bottom += top
    return bottom
