"""Pictures to the inference process: a credit comes, the newest picture goes into shared memory."""

from typing import Optional

from ..wire.channel import Channel, Closed
from ..wire.clock import monotonic_ns
from ..wire.memory import Slots
from ..wire.messages import CREDIT, LATE, Credit, Memory, PictureHeader
from .picture import copy
from .sink import Picture


class Delivery:
    """``control``: the channel to the daemon, which is told when nobody takes pictures any more."""

    def __init__(self, control: Channel) -> None:
        self.inference: Optional[Channel] = None
        self.credit: Optional[Credit] = None
        #: How many pictures were delivered.
        self.sequence = 0
        self._control = control
        self._slots: Optional[Slots] = None
        self._slot = 0

    def attach(self, channel: Channel) -> None:
        """From now on pictures go there; whoever had them before is gone, and its credit with it."""
        self._detach()
        self.inference = channel
        if self._slots is not None:
            self._send(Memory(self._slots.slot_size).pack(), self._slots.fd)

    def _detach(self) -> None:
        if self.inference is not None:
            self.inference.close()
        self.inference = None
        self.credit = None

    def _lose(self) -> None:
        """The inference process died, or wants a new socket; the camera stays connected meanwhile."""
        self._detach()
        self._control.send({"op": "detached"})

    def take_credit(self) -> None:
        assert self.inference is not None
        try:
            data = self.inference.receive().data
        except Closed:
            self._lose()
            return
        if data[0] == CREDIT:
            self.credit = Credit.unpack(data)

    def deliver(self, picture: Picture, motion: float) -> None:
        """Copy the picture into the free slot and answer the credit with it; ``motion`` as the message has it."""
        # Before anything is sent: whoever is gone takes the credit along.
        credit, self.credit = self.credit, None
        assert credit is not None
        layout = picture.layout
        if self._slots is None or self._slots.slot_size < layout.size:
            if self._slots is not None:
                self._slots.close()
            self._slots = Slots(layout.size)
            self._send(Memory(self._slots.slot_size).pack(), self._slots.fd)
        # The credit says that the reader is done with the slot before the last, so that one is free.
        self._slot = 1 - self._slot
        address = self._slots.address(self._slot)
        copy(picture.sample, layout, address, self._slots.slot_size)
        self.sequence += 1
        flags = layout.flags | LATE if picture.late else layout.flags
        header = PictureHeader(
            self._slot, layout.format, flags, credit.serial, self.sequence, picture.captured, picture.decoded,
            monotonic_ns(), layout.width, layout.height, layout.offsets, layout.strides, motion,
        )  # fmt: skip
        self._send(header.pack())

    def _send(self, data: bytes, fd: Optional[int] = None) -> None:
        if self.inference is None:
            return
        try:
            self.inference.send_bytes(data, [] if fd is None else [fd])
        except Closed:
            self._lose()
