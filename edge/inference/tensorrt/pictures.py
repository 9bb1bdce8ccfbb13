"""Pictures that were prepared for the network beforehand, from an ``.npy`` or ``.npz`` file, a few at a time."""

import zipfile
from typing import Any, Dict, Iterator, Optional, Tuple

import numpy as np

from ...errors import EngineError, Incompatible
from ..normalise import Normalisation


class Pictures:
    """``.npy``: one array of N pictures, which is read as it is used. ``.npz``: its arrays in the order of the file,
    each one picture or several. Of ``item`` shape each, float32 as the network takes it, or with the model's
    ``input`` section uint8 pixels, of which that is made; Incompatible otherwise."""

    def __init__(self, path: str, item: Tuple[int, ...], input: Optional[Dict[str, Any]] = None) -> None:
        self.path = path
        self.item = tuple(item)
        self._types = (np.float32,) if input is None else (np.float32, np.uint8)
        made = Normalisation(input or {}, np.dtype(np.float32))
        shape = (-1, 1, 1) if made.planar else (-1,)
        self._gain = np.array(made.gain, np.float32).reshape(shape)
        self._bias = np.array(made.bias, np.float32).reshape(shape)
        try:
            # Hundreds of pictures of a large network do not fit into a small board's memory.
            self._file: Any = np.load(path, mmap_mode="r")
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise EngineError("{}: no pictures can be read from it ({})".format(path, error)) from None
        if isinstance(self._file, np.ndarray):
            self.count = len(self._checked(self._file))
        else:
            self.count = sum(len(self._checked(self._file[name])) for name in self._file.files)
        if not self.count:
            raise Incompatible("{}: there are no pictures in it".format(path))

    def batches(self, size: int) -> Iterator[np.ndarray]:
        """Contiguous arrays of ``size`` pictures. What is left over at the end is dropped, but for the first batch:
        fewer pictures than one batch are repeated to fill it."""
        held = []
        first = True
        for picture in self:
            held.append(picture)
            if len(held) == size:
                yield np.ascontiguousarray(np.stack(held), dtype=np.float32)
                held, first = [], False
        if first and held:
            yield np.ascontiguousarray(np.stack([held[i % len(held)] for i in range(size)]), dtype=np.float32)

    def number_of_batches(self, size: int) -> int:
        return max(1, self.count // size)

    def __iter__(self) -> Iterator[np.ndarray]:
        if isinstance(self._file, np.ndarray):
            yield from self._prepared(self._checked(self._file))
            return
        for name in self._file.files:
            yield from self._prepared(self._checked(self._file[name]))

    def _prepared(self, array: np.ndarray) -> Iterator[np.ndarray]:
        for picture in array:
            yield picture if picture.dtype == np.float32 else picture * self._gain + self._bias

    def _checked(self, array: np.ndarray) -> np.ndarray:
        if array.shape == self.item:
            array = array[np.newaxis]
        if array.shape[1:] != self.item or array.dtype not in self._types:
            raise Incompatible("{}: pictures of shape {} and type {}, the network takes {} and float32".format(
                self.path, list(array.shape[1:]), array.dtype, list(self.item)))  # fmt: skip
        return array

    def close(self) -> None:
        if not isinstance(self._file, np.ndarray):
            self._file.close()
