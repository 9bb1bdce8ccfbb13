"""One picture on its way through the lanes that use it."""

import threading
from typing import Callable, List

import numpy as np

from ..wire.memory import SlotReader
from ..wire.messages import BT709, FORMATS, FULL_RANGE, PictureHeader
from .picture import Picture


class Job:
    """``release`` is called once, when the last of ``users`` lanes has copied what it needs out of the slot."""

    def __init__(
        self, camera: int, header: PictureHeader, memory: SlotReader, users: int, release: Callable[[], None]
    ) -> None:
        self.camera = camera
        self.header = header
        self.picture = Picture(
            FORMATS[header.format],
            header.width,
            header.height,
            _planes(header, memory.view(header.slot)),
            "bt709" if header.flags & BT709 else "bt601",
            bool(header.flags & FULL_RANGE),
        )
        self._users = users
        self._release = release
        self._lock = threading.Lock()

    def done_with_pixels(self) -> None:
        """A lane has read the picture, or will not."""
        with self._lock:
            self._users -= 1
            last = self._users == 0
        if last:
            self._release()


def _planes(header: PictureHeader, memory: memoryview) -> List[np.ndarray]:
    """The planes as arrays straight on the shared memory. Raises ValueError when they would reach beyond it."""
    width, height = header.width, header.height
    half_width, half_height = (width + 1) // 2, (height + 1) // 2
    shapes = {
        "i420": [(height, width), (half_height, half_width), (half_height, half_width)],
        "nv12": [(height, width), (half_height, half_width, 2)],
        "gray8": [(height, width)],
        "rgba": [(height, width, 4)],
        "bgrx": [(height, width, 4)],
    }[FORMATS[header.format]]
    planes = []
    for shape, offset, stride in zip(shapes, header.offsets, header.strides):
        row = int(np.prod(shape[1:]))
        if stride < row or offset + stride * (shape[0] - 1) + row > len(memory):
            raise ValueError("a plane of {} does not fit its slot".format(shape))
        strides = (stride, 1) if len(shape) == 2 else (stride, shape[2], 1)
        planes.append(np.ndarray(shape, np.uint8, memory, offset, strides))
    return planes
