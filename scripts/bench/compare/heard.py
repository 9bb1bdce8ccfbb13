"""A subscriber that notes when each message arrived, and what the messages say."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import paho.mqtt.client as mqtt

from .cameras import Sent

#: Events that say where somebody is in the picture that they are made from.
_SEEN = ("object.start", "object.update")
Box = Tuple[float, float, float, float]


class Told(NamedTuple):
    """Somebody was in a picture. ``number`` of that picture in the clip, ``sent`` and ``arrived`` on the monotonic
    clock; ``boxes`` in fractions of the picture. ``kind``: the event's, "" of a message that is none.
    """

    camera: str
    arrived: float
    sent: float
    number: int
    boxes: List[Box]
    kind: str = ""


class Subscriber:
    """Keeps what it hears as it came: reading it is for later. ``more``: topics besides events and boxes."""

    def __init__(self, port: int, more: Sequence[str] = ()) -> None:
        self.messages: List[Tuple[float, str, bytes]] = []
        topics = [("edge/+/cameras/+/events/#", 1), ("bench/+", 0), *((topic, 0) for topic in more)]
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_message = self._heard
        self._client.on_connect = lambda client, *_: client.subscribe(topics)
        self._client.connect("127.0.0.1", port)

    def _heard(self, _client: object, _data: object, message: Any) -> None:
        self.messages.append((time.monotonic(), message.topic, message.payload))

    def __enter__(self) -> Subscriber:
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def read(messages: List[Tuple[float, str, bytes]], sent: Dict[str, Sent]) -> List[Told]:
    """Those of people in pictures whose number is known or can be told from the time."""
    wall = time.time() - time.monotonic()
    told = [_read(message, sent, wall) for message in messages]
    return [one for one in told if one is not None]


def _read(message: Tuple[float, str, bytes], sent: Dict[str, Sent], wall: float) -> Optional[Told]:
    arrived, topic, payload = message
    levels, says = topic.split("/"), json.loads(payload)
    if levels[0] == "bench":
        camera, number = levels[1], says["picture"]
        boxes = [tuple(one["box"]) for one in says["objects"]]
        if number < 0:  # none is burnt in, or it cannot be read
            number, time_sent = sent[camera].nearest(arrived)
        else:
            time_sent = sent[camera].before(number, arrived)
        return Told(camera, arrived, time_sent, number, boxes)
    if says["type"] not in _SEEN or says["replayed"]:
        return None
    # `time` is when the picture was taken. It says which picture; when that was sent, the server says.
    taken = datetime.fromisoformat(says["time"].replace("Z", "+00:00")).timestamp() - wall
    number, time_sent = sent[levels[3]].nearest(taken)
    return Told(levels[3], arrived, time_sent, number, [tuple(says["object"]["box"])], says["type"])


def in_sight(messages: List[Tuple[float, str, bytes]], start: float, end: float) -> float:
    """How many objects there were on average, by the events that start and end them. From the first event on."""
    total, there = 0.0, 0
    last = start
    for arrived, topic, payload in messages:
        if topic.startswith("edge/"):
            kind = json.loads(payload)["type"]
            change = {"object.start": 1, "object.end": -1}.get(kind, 0)
            if change and arrived > start:
                total += there * (min(arrived, end) - last)
                last = min(arrived, end)
            there += change
    return (total + there * (end - last)) / (end - start)
