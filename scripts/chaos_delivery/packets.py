"""The MQTT packets in a stream of bytes, as far as it takes to know which event they carry."""

from __future__ import annotations

from typing import Iterator, NamedTuple, Tuple

CONNECT, CONNACK, PUBLISH, PUBACK = 1, 2, 3, 4
_MQTT5 = 5


class Publish(NamedTuple):
    topic: str
    mid: int  # 0: QoS 0
    payload: bytes


class Packets:
    """One direction of one connection."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Tuple[int, bytes]]:
        """First byte and body of every packet that is whole now."""
        rest = self._rest
        rest += data
        while True:
            length, at = 0, 1
            while at < len(rest) and rest[at] & 0x80 and at < 4:
                length |= (rest[at] & 0x7F) << 7 * (at - 1)
                at += 1
            if at >= len(rest):
                return
            length |= (rest[at] & 0x7F) << 7 * (at - 1)
            end = at + 1 + length
            if end > len(rest):
                return
            first, body = rest[0], bytes(rest[at + 1 : end])
            del rest[:end]
            yield first, body


def version(connect: bytes) -> int:
    """The protocol level that a CONNECT asks for: 4 is 3.1.1."""
    return connect[2 + int.from_bytes(connect[:2], "big")]


def publish(first: int, body: bytes, level: int) -> Publish:
    at = 2 + int.from_bytes(body[:2], "big")
    topic, mid = body[2:at].decode(), 0
    if first >> 1 & 3:
        mid = int.from_bytes(body[at : at + 2], "big")
        at += 2
    if level >= _MQTT5:  # properties, with their length before them
        length = shift = 0
        while True:
            byte = body[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        at += length
    return Publish(topic, mid, body[at:])


def acknowledged(body: bytes) -> int:
    """The message id of a PUBACK; 0 of one that refuses the message (MQTT 5)."""
    return 0 if len(body) > 2 and body[2] >= 0x80 else int.from_bytes(body[:2], "big")
