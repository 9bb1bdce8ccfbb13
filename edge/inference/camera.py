"""A camera as the inference process sees it: the socket to its capture process, and the memory of its pictures."""

from collections import deque
from typing import Any, Deque, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from ..wire.channel import Channel, Message
from ..wire.memory import SlotReader
from ..wire.messages import BT709, FORMATS, FULL_RANGE, MEMORY, PICTURE, Credit, Memory, PictureHeader
from .job import Job
from .picture import Picture
from .scheduling.budget import DEFAULT_S, Budget

# A camera has one layout for each of its two slots, until its picture changes size.
_MOST_LAYOUTS = 8


class Arrived(NamedTuple):
    """A picture in its slot: what was said of it, and its planes."""

    header: PictureHeader
    picture: Picture


class CameraLink:
    """Raises Closed from its methods when the capture process is gone."""

    def __init__(self, number: int, name: str, models: List[int], channel: Channel) -> None:
        self.number = number
        self.name = name
        self.models = models
        self.channel = channel
        self.memory: Optional[SlotReader] = None
        self.budget = Budget(DEFAULT_S)
        #: The pictures whose slots are not free yet, in the order in which they came.
        self.held: Deque[Job] = deque()
        self._serial = 0
        self._asked = False
        self._pictures: Dict[Tuple[Any, ...], Picture] = {}

    def ask(self, fresh: bool) -> None:
        """Give a credit."""
        self._serial = (self._serial + 1) & 0xFFFFFFFF
        self.channel.send_bytes(Credit(fresh, self._serial).pack())
        self._asked = True

    def freed(self) -> int:
        """How many slots have become free since the last time.

        The writer takes its slots in turn, so a picture that was read before the one that came before it frees none.
        """
        count = 0
        while self.held and self.held[0].read:
            self.held.popleft()
            count += 1
        return count

    def receive(self) -> Optional[Arrived]:
        """Read one message; what arrived when it is a picture.

        Raises ValueError for a message that breaks the protocol, OSError for memory that cannot be mapped.
        """
        message: Message = self.channel.receive()
        kind = message.data[0]
        if kind == MEMORY:
            if not message.fds:
                raise ValueError("memory without a descriptor")
            self.memory = SlotReader(message.fds[0], Memory.unpack(message.data).slot_size)
            self._pictures.clear()
            return None
        if kind == PICTURE and self.memory is not None:
            header = PictureHeader.unpack(message.data)
            if not self._asked or header.serial != self._serial:
                raise ValueError("a picture that was not asked for")
            self._asked = False
            return Arrived(header, self._picture(header, self.memory))
        raise ValueError("unexpected message of kind {}".format(kind))

    def _picture(self, header: PictureHeader, memory: SlotReader) -> Picture:
        key = (header.slot, header.format, header.flags, header.width, header.height, header.offsets, header.strides)
        picture = self._pictures.get(key)
        if picture is None:
            if len(self._pictures) >= _MOST_LAYOUTS:
                self._pictures.clear()
            picture = self._pictures[key] = view(header, memory.view(header.slot))
        return picture


def view(header: PictureHeader, memory: memoryview) -> Picture:
    """The picture as arrays straight on the shared memory. Raises ValueError when they would reach beyond it."""
    if header.format >= len(FORMATS):
        raise ValueError("a picture of the unknown format {}".format(header.format))
    width, height = header.width, header.height
    half_width, half_height = (width + 1) // 2, (height + 1) // 2
    by_format = {
        "i420": [(height, width), (half_height, half_width), (half_height, half_width)],
        "nv12": [(height, width), (half_height, half_width, 2)],
        "gray8": [(height, width)],
        "rgba": [(height, width, 4)],
        "bgrx": [(height, width, 4)],
    }  # type: Dict[str, List[Tuple[int, ...]]]
    planes = []
    for shape, offset, stride in zip(by_format[FORMATS[header.format]], header.offsets, header.strides):
        row = int(np.prod(shape[1:]))
        if min(shape) < 1 or stride < row or offset + stride * (shape[0] - 1) + row > len(memory):
            raise ValueError("a plane of {} does not fit its slot".format(shape))
        strides = (stride, 1) if len(shape) == 2 else (stride, shape[2], 1)
        planes.append(np.ndarray(shape, np.uint8, memory, offset, strides))
    matrix = "bt709" if header.flags & BT709 else "bt601"
    return Picture(FORMATS[header.format], width, height, planes, matrix, bool(header.flags & FULL_RANGE))
