"""Pictures to the GPU, and there to a network's input tensor by one kernel.

As ``preprocess.Preprocessor`` with numpy: the same fit, the same pixels. A picture's rows are copied once by the
processor, from shared memory to page-locked memory; from there on the GPU does the rest.
"""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..fit import Fit, make_fit
from ..normalise import Normalisation, check_planes
from ..picture import Picture
from . import layout
from .device import Device
from .resources import Buffer, Function, Stream

ROWS = 4
_BLOCK = (128, 1, 1)
#: By the type of the tensor: picture.cu's functions.
ENTRIES = {"float32": "picture_float32", "float16": "picture_float16", "uint8": "picture_uint8"}
#: The tensor's address comes second.
ARGUMENTS = ("P", "P", layout.TARGET_ARGUMENT)

#: Cameras of more shapes than this on one network start to have theirs computed anew.
_MOST_PLANS = 32
_MOST_PLACES = 512


class _Placed(NamedTuple):
    """One picture in a staging memory, for all pictures of its shape that come to this place."""

    views: List[np.ndarray]
    described: bytes
    end: int


class Staging:
    """A slot's pictures on their way: page-locked memory and as much device memory. It grows as it must."""

    def __init__(self, device: Device, batch: int) -> None:
        self._device = device
        self._first = batch * layout.PICTURE_BYTES
        self.memory: Optional[np.ndarray] = None
        self.buffer: Optional[Buffer] = None
        self.placed: Dict[Tuple[Any, ...], _Placed] = {}
        #: What stands in front of the planes, by number.
        self.described: Dict[int, _Placed] = {}

    @property
    def first(self) -> int:
        """Where the first picture begins."""
        return self._first

    @property
    def size(self) -> int:
        return 0 if self.memory is None else self.memory.size

    def grow(self, size: int) -> None:
        """Have at least ``size`` bytes; what was in it is lost."""
        self.close()
        self.buffer = self._device.alloc(size)
        self.memory = self._device.pinned((size,), np.uint8)

    def close(self) -> None:
        self.placed.clear()
        self.described.clear()
        memory, self.memory = self.memory, None
        buffer, self.buffer = self.buffer, None
        if memory is not None:
            self._device.free(memory)
        if buffer is not None:
            buffer.free()


class CudaPreprocessor:
    """For one network. ``function`` is the kernel for its type; ``input`` and ``size`` as for Preprocessor.

    Raises Incompatible when the values do not fit together.
    """

    def __init__(
        self, device: Device, function: Function, input: Mapping[str, Any], size: Tuple[int, int], dtype: Any
    ) -> None:
        self._device = device
        self._function = function
        self._normalisation = Normalisation(input, np.dtype(dtype))
        self._size = (int(size[0]), int(size[1]))
        self._target = layout.target(self._normalisation, self._size)
        self._grid = (-(-self._size[0] // _BLOCK[0]), -(-self._size[1] // (_BLOCK[1] * ROWS)))
        self._plans: Dict[Tuple[Any, ...], Tuple[Fit, np.ndarray]] = {}

    @property
    def item_shape(self) -> Tuple[int, int, int]:
        return self._normalisation.item_shape(self._size)

    def write(self, pictures: Sequence[Picture], staging: Staging, tensor: int, stream: Stream) -> List[Fit]:
        """Have the pictures in the tensor at that address when ``stream`` comes to what is put on it next.

        The pictures have been read when this returns. The device is current, and nothing that was put on the stream
        before still uses ``staging``. Raises ValueError for a picture that is not what it should be.
        """
        keys = [(p.format, p.width, p.height, p.matrix, p.full_range) for p in pictures]
        fits = [self._plan(key, picture)[0] for key, picture in zip(keys, pictures)]
        end = self._copy(keys, pictures, staging)
        self.launch(len(pictures), staging, end, tensor, stream)
        return fits

    def launch(self, count: int, staging: Staging, end: int, tensor: int, stream: Stream) -> None:
        """Start the copy to the GPU of what stands in ``staging`` up to ``end``, and the kernel."""
        assert staging.memory is not None and staging.buffer is not None
        self._device.to_device(staging.buffer.address, staging.memory[:end], stream)
        self.run(count, staging, tensor, stream)

    def run(self, count: int, staging: Staging, tensor: int, stream: Stream) -> None:
        """Start the kernel alone: the pictures are on the GPU."""
        assert staging.buffer is not None
        grid = (self._grid[0], self._grid[1], count)
        self._function.launch(grid, _BLOCK, stream, staging.buffer.address, tensor, self._target)

    def _copy(self, keys: Sequence[Tuple[Any, ...]], pictures: Sequence[Picture], staging: Staging) -> int:
        """The pictures into the staging memory; where the last one ends."""
        placed: List[_Placed] = []
        end = staging.first
        for number, (key, picture) in enumerate(zip(keys, pictures)):
            known = staging.placed.get((number, end) + key)
            if known is None:
                known = self._place(number, end, key, picture, staging)
                if known is None:
                    staging.grow(staging.first + sum(_most(p) for p in pictures))
                    return self._copy(keys, pictures, staging)
            placed.append(known)
            end = known.end
        assert staging.memory is not None
        for number, (place, picture) in enumerate(zip(placed, pictures)):
            for view, plane in zip(place.views, picture.planes):
                np.copyto(view, plane)
            if staging.described.get(number) is not place:
                at = number * layout.PICTURE_BYTES
                staging.memory[at : at + layout.PICTURE_BYTES] = np.frombuffer(place.described, np.uint8)
                staging.described[number] = place
        return end

    def _place(
        self, number: int, at: int, key: Tuple[Any, ...], picture: Picture, staging: Staging
    ) -> Optional[_Placed]:
        """None when it does not fit there."""
        planes, end = layout.places(picture, at)
        if staging.memory is None or staging.buffer is None or end > staging.size:
            return None
        fit, matrix = self._plan(key, picture)
        described = layout.describe(picture, planes, staging.buffer.address, fit, matrix)
        if len(staging.placed) >= _MOST_PLACES:
            staging.placed.clear()
        placed = _Placed([place.view(staging.memory) for place in planes], described, end)
        staging.placed[(number, at) + key] = placed
        return placed

    def _plan(self, key: Tuple[Any, ...], picture: Picture) -> Tuple[Fit, np.ndarray]:
        plan = self._plans.get(key)
        if plan is None:
            check_planes(picture)
            if max(picture.width, picture.height) > layout.LONGEST_SIDE:
                raise ValueError("a picture of {}x{}".format(picture.width, picture.height))
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            size = (picture.width, picture.height)
            fit = make_fit(self._normalisation.fit, self._normalisation.align, size, self._size)
            plan = self._plans[key] = (fit, self._normalisation.matrix(picture))
        return plan


def _most(picture: Picture) -> int:
    """No fewer bytes than the picture takes in the staging memory."""
    return sum(plane.size + 4 * plane.shape[0] + 64 for plane in picture.planes)
