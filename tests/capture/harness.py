"""A capture worker as the daemon would start it, with this test as daemon and as inference process."""

from __future__ import annotations

import select
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from edge.wire.channel import Channel
from edge.wire.memory import SlotReader
from edge.wire.messages import FORMATS, MEMORY, PICTURE, Credit, Memory, PictureHeader
from tests.support.worker import PATIENCE, WorkerHarness

Planes = List[np.ndarray]
Source = Dict[str, Any]


def rtsp(url: str, **more: Any) -> Source:
    """An RTSP source as the daemon orders it; ``username`` and ``password`` apart."""
    return {"kind": "rtsp", "location": url, **more}


def clip(path: Union[Path, str], **more: Any) -> Source:
    return {"kind": "file", "location": str(path), **more}


def generated(**options: Any) -> Source:
    """A test picture: width, height, rate, pattern."""
    return {"kind": "test", "location": "test://", "options": options}


class CaptureHarness(WorkerHarness):
    """Use as a context manager. ``analyse`` and ``decode`` as in the order; ``how`` is WorkerHarness's."""

    def __init__(
        self,
        source: Source,
        stall_timeout: float = PATIENCE,
        frozen_timeout: float = 0.0,
        attach: bool = True,
        avoid: Sequence[str] = (),
        analyse: Optional[Dict[str, Any]] = None,
        decode: str = "full",
        **how: Any,
    ) -> None:
        super().__init__("edge.capture", "test", **how)
        self.control.send(
            {"op": "open", "source": source, "stall_timeout": stall_timeout, "frozen_timeout": frozen_timeout,
             "avoid": list(avoid), "analyse": analyse, "decode": decode}
        )  # fmt: skip
        self.pictures: Optional[Channel] = None
        self.memory: Optional[SlotReader] = None
        self.memories: List[int] = []
        self.serial = 0
        if attach:
            self.attach()

    def attach(self) -> None:
        """Give the worker a new socket to the inference process, in place of the one it had."""
        if self.pictures is not None:
            self.pictures.close()
        self.memory = None
        self.pictures, theirs = Channel.pair()
        self.pictures.set_timeout(PATIENCE)
        self.control.send({"op": "inference"}, [theirs.fileno()])
        theirs.close()

    def close_channels(self) -> None:
        super().close_channels()
        if self.pictures is not None:
            self.pictures.close()

    def give_credit(self, fresh: bool = True) -> None:
        assert self.pictures is not None
        self.serial += 1
        self.pictures.send_bytes(Credit(fresh, self.serial).pack())

    def take_picture(self) -> Tuple[PictureHeader, Planes]:
        """The answer to the last credit."""
        assert self.pictures is not None
        while True:
            message = self.pictures.receive()
            if message.data[0] == MEMORY:
                size = Memory.unpack(message.data).slot_size
                self.memories.append(size)
                self.memory = SlotReader(message.fds[0], size)
                continue
            assert message.data[0] == PICTURE
            header = PictureHeader.unpack(message.data)
            assert header.serial == self.serial
            return header, planes(header, self.memory)

    def picture(self, fresh: bool = True) -> Tuple[PictureHeader, Planes]:
        """Give a credit; the header of the picture that answers it and its planes."""
        self.give_credit(fresh)
        return self.take_picture()

    def answered(self) -> bool:
        """Whether something waits at the picture socket."""
        assert self.pictures is not None
        return bool(select.select([self.pictures], [], [], 0)[0])


def planes(header: PictureHeader, memory: Optional[SlotReader]) -> Planes:
    """The planes of an I420, NV12 or grey picture as arrays, copied; NV12's second has both colours side by side."""
    assert memory is not None
    data = np.frombuffer(memory.view(header.slot), np.uint8)
    width, height = header.width, header.height
    half = ((height + 1) // 2, (width + 1) // 2)
    sizes = {
        "i420": [(height, width), half, half],
        "nv12": [(height, width), (half[0], 2 * half[1])],
        "gray8": [(height, width)],
    }[FORMATS[header.format]]
    return [
        np.lib.stride_tricks.as_strided(data[offset:], (h, w), (stride, 1)).copy()
        for (h, w), offset, stride in zip(sizes, header.offsets, header.strides)
    ]
