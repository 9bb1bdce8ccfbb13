"""What MQTT 5 says of a message beside its payload, and how large a message is on its way."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Optional

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.events.event import SCHEMA
from edge.events.mqtt.message import Message

_Properties: Any = Properties  # has no types


def of_connect(largest: int) -> Any:
    """Nobody may send us packets larger than ``largest`` bytes."""
    asked = _Properties(PacketTypes.CONNECT)
    asked.MaximumPacketSize = largest
    return asked


def of(message: Message) -> Any:
    """paho's properties; None if there is nothing to say."""
    if message.correlation is not None:
        return _made(message.content, message.versioned, message.expiry, message.correlation)
    return _kept(message.content, message.versioned, message.expiry)


def size(message: Message, version: str) -> int:
    """Bytes of the whole packet, header included."""
    said = of(message) if version == "5" else None
    extra = 0 if version != "5" else 1 if said is None else len(said.pack())
    rest = 2 + len(message.topic.encode()) + 2 + extra + len(message.payload)
    length = 1 if rest < 128 else 2 if rest < 16384 else 3 if rest < 2097152 else 4
    return 1 + length + rest


# There are a handful of kinds, and paho takes long to make one.
@lru_cache(maxsize=64)
def _kept(content: str, versioned: bool, expiry: Optional[int]) -> Any:
    return _made(content, versioned, expiry, None)


def _made(content: str, versioned: bool, expiry: Optional[int], correlation: Optional[bytes]) -> Any:
    if not (content or versioned or expiry is not None or correlation is not None):
        return None
    said = _Properties(PacketTypes.PUBLISH)
    if content:
        said.ContentType = content
    if versioned:
        said.UserProperty = ("schema", str(SCHEMA))
    if expiry is not None:
        said.MessageExpiryInterval = expiry
    if correlation is not None:
        said.CorrelationData = correlation
    return said
