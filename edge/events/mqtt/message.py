"""What is sent to the broker, always with QoS 1, and how an entry of the spool becomes one of these."""

from __future__ import annotations

import json
from typing import Callable, NamedTuple, Optional

from edge.errors import PublishError
from edge.events.event import event_topic, topic_level
from edge.events.spool.entry import Entry

Pictures = Callable[[str], Optional[bytes]]

_FRESH, _REPLAYED = b'"replayed":false', b'"replayed":true'
JSON, JPEG = "application/json", "image/jpeg"


class Message(NamedTuple):
    """``n`` is the spool's number of an entry, 0 of everything else. The last four are MQTT 5's, where it is spoken."""

    topic: str
    payload: bytes
    retain: bool = False
    n: int = 0
    newest: str = ""  # topic that the same payload is retained at, once the broker has taken it here
    content: str = ""  # MIME type
    versioned: bool = False  # tells the schema's version beside the payload
    expiry: Optional[int] = None  # seconds
    correlation: Optional[bytes] = None
    file: str = ""  # that a picture was read from


class Heard(NamedTuple):
    """A message for us. ``correlation``: what an answer has to carry (MQTT 5)."""

    topic: str
    payload: bytes
    retained: bool
    correlation: Optional[bytes] = None


class Unsendable(PublishError):
    """This entry can never be sent, and why."""


def availability_topic(prefix: str, device: str) -> str:
    return f"{prefix}/{topic_level(device)}/availability"


def snapshot_topic(prefix: str, device: str, camera: str) -> str:
    """Where the newest picture of a camera is kept by the broker."""
    return f"{prefix}/{topic_level(device)}/cameras/{topic_level(camera)}/snapshot"


def message_of(entry: Entry, replayed: bool, prefix: str, device: str, pictures: Pictures) -> Message:
    """The entry as it is sent now. Unsendable where it cannot be."""
    if entry.kind == "picture":
        return _picture(entry, prefix, device, pictures)
    payload = entry.payload
    if replayed:
        # COMMON's fields stand first, and within a string the quotes would be escaped.
        payload = payload.replace(_FRESH, _REPLAYED, 1)
    topic = event_topic(prefix, device, entry.camera, entry.type)
    return Message(checked(topic), payload, n=entry.n, content=JSON, versioned=True)


def _picture(entry: Entry, prefix: str, device: str, pictures: Pictures) -> Message:
    try:
        said = json.loads(entry.payload.decode())
        event, file = str(said["event"]), str(said["file"])
    except (ValueError, KeyError, TypeError):
        raise Unsendable("the entry cannot be read") from None
    picture = pictures(file)
    if picture is None:
        raise Unsendable(f"{file} is gone")
    newest = snapshot_topic(prefix, device, entry.camera)
    return Message(
        checked(f"{newest}s/{topic_level(event)}"), picture, n=entry.n, newest=checked(newest), content=JPEG, file=file
    )


def checked(topic: str) -> str:
    """``topic``; ValueError where nobody may publish to it."""
    if not topic or len(topic.encode()) > 65535 or "+" in topic or "#" in topic or "\0" in topic:
        raise ValueError(f"not a topic to publish to: {topic[:100]!r}")
    return topic
