"""A still picture as JPEG, by GStreamer's encoder in software, or the board's where there is no other."""

from typing import Callable, Tuple

import numpy as np

from ...boards import Board
from ..element import Element
from ..evidence_fault import EvidenceError
from ..packages import words
from .line import Line
from .recall import Still

_SOFTWARE = "jpegenc"
_WAIT_S = 5.0


def encode(still: Still, quality: int, board: Board, exists: Callable[[str], bool]) -> bytes:
    """``quality``: 1 to 100. Raises EvidenceError."""
    names = [name for name in (_SOFTWARE, board.jpeg_encoder) if name and exists(name)]
    if not names:
        raise EvidenceError("no encoder for JPEG is installed ({} is in {})".format(_SOFTWARE, words(_SOFTWARE)))
    # Nothing is said of colours: an encoder takes the numbers as they are, and JPEG's readers know them (JFIF).
    caps = "video/x-raw,format=I420,width={},height={},framerate=0/1".format(still.width, still.height)
    line = Line([Element(names[0], (("quality", quality),))], caps)
    try:
        line.push_bytes(_laid_out(still))
        line.end()
        sample = line.pull(_WAIT_S)
        if sample is None:
            raise EvidenceError("{} gives no JPEG{}".format(names[0], ": " + (line.trouble() or "without a word")))
        return sample.bytes()
    finally:
        line.close()


def _laid_out(still: Still) -> bytes:
    """As GStreamer lays I420 out: rows of four bytes, planes of an even number of rows."""
    tall, half = _up(still.height, 2), _up(still.width, 2) // 2
    shapes = [(tall, _up(still.width, 4)), (tall // 2, _up(half, 4)), (tall // 2, _up(half, 4))]
    # Of odd sizes jpegenc (1.22) reads a little beyond the end: not what else is in this process's memory.
    return b"".join(_padded(plane, shape) for plane, shape in zip(still.planes, shapes)) + bytes(still.width + 64)


def _padded(plane: np.ndarray, shape: Tuple[int, int]) -> bytes:
    if plane.shape == shape:
        return bytes(plane.tobytes())
    whole = np.zeros(shape, np.uint8)
    whole[: plane.shape[0], : plane.shape[1]] = plane
    return bytes(whole.tobytes())


def _up(number: int, step: int) -> int:
    return (number + step - 1) // step * step
