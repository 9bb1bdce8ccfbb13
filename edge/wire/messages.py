"""The binary messages between capture and inference, and from inference to the daemon.

All are little-endian structs whose first byte is the kind. Times are nanoseconds of CLOCK_MONOTONIC. Each ``unpack``
raises ValueError for bytes that are no whole message.

    capture   ◄── CREDIT ───  inference     "I can take a picture of yours"
    capture   ─── MEMORY ──►  inference     a memfd (beside it) and its slot size; before the first picture in it
    capture   ─── PICTURE ─►  inference     which slot, what is in it, when it was taken
    inference ─── RESULT ──►  daemon        one a picture and model, and one a look of a second model at a
                                            box: times of every stage and the boxes
"""

import struct
from typing import Any, NamedTuple, Tuple

CREDIT = 1
MEMORY = 2
PICTURE = 3
RESULT = 4

#: Layout of the pixels in a slot, by the number that travels.
FORMATS = ("i420", "nv12", "gray8", "rgba", "bgrx")
#: Flags of a PICTURE: the colour matrix (BT.709 instead of BT.601) and the range (0..255 instead of 16..235).
BT709 = 1
FULL_RANGE = 2
#: And that it was decoded later than it was received: it may be of any age.
LATE = 4
#: Flag of a RESULT: the picture stays in its slot until the daemon has said which of its boxes are looked at.
HELD = 1
#: Looks that one picture gets at most, over all models.
MOST_LOOKS = 16

_CREDIT = struct.Struct("<BB2xI")
_MEMORY = struct.Struct("<B7xQ")
_PICTURE = struct.Struct("<BBBBIQqqqII3I3I2f")
_RESULT = struct.Struct("<BBHIIIQ7qII")


def _unpack(layout: struct.Struct, data: bytes) -> Tuple[Any, ...]:
    if len(data) != layout.size:
        raise ValueError("a message of {} bytes, expected {}".format(len(data), layout.size))
    return layout.unpack(data)


class Credit(NamedTuple):
    """``fresh``: wait for the next picture; otherwise the newest that was not sent yet will do."""

    fresh: bool
    serial: int

    def pack(self) -> bytes:
        return _CREDIT.pack(CREDIT, self.fresh, self.serial)

    @classmethod
    def unpack(cls, data: bytes) -> "Credit":
        _kind, fresh, serial = _unpack(_CREDIT, data)
        return cls(bool(fresh), serial)


class Memory(NamedTuple):
    slot_size: int

    def pack(self) -> bytes:
        return _MEMORY.pack(MEMORY, self.slot_size)

    @classmethod
    def unpack(cls, data: bytes) -> "Memory":
        return cls(_unpack(_MEMORY, data)[1])


class PictureHeader(NamedTuple):
    """A picture in slot ``slot``: ``format`` indexes FORMATS; ``offsets`` and ``strides`` in bytes, one a plane.

    ``captured``: when the source delivered it; ``decoded``: when it left the decoder; ``sent``: when it was copied.
    ``serial``: the credit's. ``motion``: share of the picture that changed, -1 where it is not measured.
    """

    slot: int
    format: int
    flags: int
    serial: int
    sequence: int
    captured: int
    decoded: int
    sent: int
    width: int
    height: int
    offsets: Tuple[int, int, int]
    strides: Tuple[int, int, int]
    motion: float

    def pack(self) -> bytes:
        return _PICTURE.pack(
            PICTURE, self.slot, self.format, self.flags, self.serial, self.sequence, self.captured, self.decoded,
            self.sent, self.width, self.height, *(tuple(self.offsets) + tuple(self.strides)), self.motion, 0.0,
        )  # fmt: skip

    @classmethod
    def unpack(cls, data: bytes) -> "PictureHeader":
        v = _unpack(_PICTURE, data)
        return cls(v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11:14], v[14:17], v[17])


class Times(NamedTuple):
    """When a picture passed each stage, in nanoseconds of CLOCK_MONOTONIC."""

    captured: int  # the source delivered it
    decoded: int  # it left the decoder
    sent: int  # it was copied into the shared memory
    started: int  # a lane began to prepare it
    prepared: int  # it stands in the network's input tensor
    inferred: int  # the network has run
    finished: int  # its boxes are ready


class ResultHeader(NamedTuple):
    """What the boxes of a RESULT belong to. ``camera`` and ``model`` are the daemon's numbers for them.

    ``object``: whose box a second model looked at, by the number that the daemon gave; 0 for a whole picture.
    """

    camera: int
    model: int
    sequence: int
    times: Times
    width: int
    height: int
    object: int = 0
    flags: int = 0


def pack_result(header: ResultHeader, boxes: bytes) -> bytes:
    """``boxes``: N x 6 float32, row by row: x1 y1 x2 y2 as fractions of the picture, score, class."""
    count = len(boxes) // 24
    return (
        _RESULT.pack(
            RESULT,
            header.flags,
            header.model,
            header.camera,
            count,
            header.object,
            header.sequence,
            *header.times,
            header.width,
            header.height,
        )
        + boxes
    )


def unpack_result(data: bytes) -> Tuple[ResultHeader, memoryview]:
    """The header and the bytes of the N x 6 float32 array. Raises ValueError if the length is not N x 24."""
    v = _unpack(_RESULT, data[: _RESULT.size])
    boxes = memoryview(data)[_RESULT.size :]
    if len(boxes) != v[4] * 24:
        raise ValueError("a result of {} boxes came with {} bytes".format(v[4], len(boxes)))
    return ResultHeader(v[3], v[2], v[6], Times(*v[7:14]), v[14], v[15], v[5], v[1]), boxes
