"""A set of pictures of the user's own cameras on the disk, each unlike the others, to calibrate a network with.

``NAME.npy`` holds them as uint8 (N, channels, h, w) or (N, h, w, channels): the size, colours and order of axes that
the network takes, before scale, mean and std. That is a quarter of float32, and loses nothing: cameras send bytes.
``NAME.jsonl`` says in its first line what they were made for, and then of each picture which camera it is of, when it
came, and its thumbnail, by which the next are judged. A picture is in the set once its line is: whatever is
interrupted, the set is whole.
"""

import base64
import fcntl
import json
import os
import time
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from ..errors import EngineError
from .picture import Picture
from .preprocess import Preprocessor

#: Columns and rows of a thumbnail: a person at 20 m still fills a cell or two of a usual camera's picture.
THUMBNAIL = (32, 18)
#: A cell has changed when its mean luma has by more than this (of 255): noise, averaged over a cell, stays below 2, and
#: who moves by a tenth of a cell below this.
_LEVEL = 24
#: So many changed cells make another picture.
_CELLS = 3
# Rows and columns that are read of each cell of a large picture.
_SAMPLES = 6
_HEADER = 128


class PictureSet:
    """``path`` ends in ``.npy``. ``input`` is the model's input section, ``size`` the network's (width, height).

    A set that was made for another input is begun anew. Raises EngineError where the folder cannot be written, or
    another process collects into it.
    """

    def __init__(self, path: str, input: Dict[str, Any], size: Tuple[int, int]) -> None:
        self._path = path
        pixels = {key: value for key, value in input.items() if key not in ("scale", "mean", "std")}
        self._preprocessor = Preprocessor(pixels, size, np.uint8)
        self._item = np.zeros(self._preprocessor.item_shape, np.uint8)
        self._made_for = {"input": dict(pixels, size=list(size)), "item": list(self._item.shape)}
        #: How many there are of each camera.
        self.cameras: Dict[str, int] = {}
        self._thumbnails = np.zeros((0, THUMBNAIL[1], THUMBNAIL[0]), np.int16)
        try:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            self._list = open(os.path.splitext(path)[0] + ".jsonl", "a+b")  # noqa: SIM115 - as long as the set
            fcntl.flock(self._list, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Pictures of somebody's home are nobody else's business.
            os.fchmod(self._list.fileno(), 0o600)
            self._read()
        except BlockingIOError:
            raise EngineError("another process collects pictures for this network") from None
        except OSError as error:
            raise EngineError("{}: {}".format(error.filename or path, error.strerror)) from None

    @property
    def count(self) -> int:
        return len(self._thumbnails)

    def clear(self) -> None:
        """Forget them all. Raises OSError."""
        self.cameras = {}
        self._thumbnails = self._thumbnails[:0]
        self._list.truncate(0)
        if os.path.exists(self._path):
            os.unlink(self._path)

    def offer(self, camera: str, picture: Picture) -> bool:
        """Take it in where it is unlike all that are here. Raises OSError, ValueError for a picture that is none."""
        seen = thumbnail(picture)
        if not self._is_new(seen):
            return False
        self._preprocessor.write(picture, self._item)
        if not self.count:
            self._list.truncate(0)
            self._append(self._made_for)
        self._write(self.count, self._item)
        text = base64.b64encode(seen.astype(np.uint8).tobytes()).decode("ascii")
        self._append({"camera": camera, "time": round(time.time(), 3), "thumbnail": text})
        self._count(camera, seen)
        return True

    def close(self) -> None:
        self._list.close()

    def _is_new(self, seen: np.ndarray) -> bool:
        changed = np.abs(self._thumbnails - seen) > _LEVEL
        return bool((changed.sum(axis=(1, 2)) >= _CELLS).all())

    def _count(self, camera: str, seen: np.ndarray) -> None:
        self._thumbnails = np.concatenate([self._thumbnails, seen[np.newaxis]])
        self.cameras[camera] = self.cameras.get(camera, 0) + 1

    def _read(self) -> None:
        self._list.seek(0)
        lines = self._list.read().split(b"\n")
        there = self._pictures_there()
        if not lines[0] or _parsed(lines[0]) != self._made_for:
            self.clear()
            return
        end = len(lines[0]) + 1
        for line in lines[1:-1]:
            told = _parsed(line)
            seen = _thumbnail_of(told)
            if told is None or seen is None or self.count == there:
                break
            self._count(str(told.get("camera")), seen)
            end += len(line) + 1
        # What an interrupted run left half.
        self._list.truncate(end)
        if self.count:
            self._head(self.count)
        else:
            self.clear()

    def _pictures_there(self) -> int:
        try:
            return max(0, os.path.getsize(self._path) - _HEADER) // self._item.size
        except OSError:
            return 0

    def _append(self, told: Dict[str, Any]) -> None:
        self._list.seek(0, os.SEEK_END)
        self._list.write(json.dumps(told, separators=(",", ":")).encode("utf-8") + b"\n")
        self._list.flush()

    def _write(self, place: int, item: np.ndarray) -> None:
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(fd, item.tobytes(), _HEADER + place * item.size)
        finally:
            os.close(fd)
        self._head(place + 1)

    def _head(self, count: int) -> None:
        """The file's header says how many pictures count; what lies behind them is not read."""
        fd = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.pwrite(fd, header((count,) + tuple(self._item.shape)), 0)
        finally:
            os.close(fd)


def thumbnail(picture: Picture) -> np.ndarray:
    """Mean luma of each cell as int16 (rows, columns) of THUMBNAIL; of packed pixels the mean of their channels."""
    plane = picture.planes[0]
    columns, rows = THUMBNAIL
    cells: List[np.ndarray] = []
    for length, number in ((plane.shape[0], rows), (plane.shape[1], columns)):
        # The middles of equal parts: some _SAMPLES a cell.
        at = (np.arange(number * _SAMPLES) + 0.5) * (length / float(number * _SAMPLES))
        cells.append(np.minimum(at.astype(np.intp), length - 1))
    few = plane[cells[0]][:, cells[1]].astype(np.float32)
    if few.ndim == 3:
        few = few[:, :, :3].mean(axis=2)
    means = few.reshape(rows, _SAMPLES, columns, _SAMPLES).mean(axis=(1, 3))
    small: np.ndarray = means.astype(np.int16)
    return small


def header(shape: Tuple[int, ...]) -> bytes:
    """Of an ``.npy`` file (version 1.0) with uint8 in C order: always of the same length."""
    told = "{{'descr': '|u1', 'fortran_order': False, 'shape': ({}), }}".format(", ".join(str(n) for n in shape))
    start = b"\x93NUMPY\x01\x00" + (_HEADER - 10).to_bytes(2, "little")
    return start + told.encode("ascii").ljust(_HEADER - 11) + b"\n"


def _parsed(line: bytes) -> Optional[Dict[str, Any]]:
    try:
        told = json.loads(line.decode("utf-8"))
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _thumbnail_of(told: Optional[Dict[str, Any]]) -> Optional[np.ndarray]:
    try:
        data = base64.b64decode((told or {})["thumbnail"])
        seen: np.ndarray = np.frombuffer(data, np.uint8).reshape(THUMBNAIL[1], THUMBNAIL[0]).astype(np.int16)
    except (KeyError, TypeError, ValueError):
        return None
    return seen
