"""A camera as the inference process sees it: the socket to its capture process, and the memory of its pictures."""

from typing import List, Optional

from ..wire.channel import Channel, Message
from ..wire.memory import SlotReader
from ..wire.messages import MEMORY, PICTURE, Credit, Memory, PictureHeader


class CameraLink:
    """Raises Closed from its methods when the capture process is gone."""

    def __init__(self, number: int, name: str, lanes: List[int], channel: Channel) -> None:
        self.number = number
        self.name = name
        self.lanes = lanes
        self.channel = channel
        self.memory = None  # type: Optional[SlotReader]
        self._serial = 0

    def ask(self, fresh: bool) -> None:
        """Give a credit."""
        self._serial = (self._serial + 1) & 0xFFFFFFFF
        self.channel.send_bytes(Credit(fresh, self._serial).pack())

    def receive(self) -> Optional[PictureHeader]:
        """Read one message; the header when it is a picture. Raises ValueError for one that breaks the protocol."""
        message = self.channel.receive()  # type: Message
        kind = message.data[0]
        if kind == MEMORY:
            if not message.fds:
                raise ValueError("memory without a descriptor")
            self.memory = SlotReader(message.fds[0], Memory.unpack(message.data).slot_size)
            return None
        if kind == PICTURE and self.memory is not None:
            header = PictureHeader.unpack(message.data)
            # An answer to a credit that was given before this link was made anew is nobody's.
            return header if header.serial == self._serial else None
        raise ValueError("unexpected message of kind {}".format(kind))
