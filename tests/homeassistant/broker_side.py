"""The device's side of a test: a publisher that follows the contract of edge.events.mqtt.publisher.Publisher and sends
at once, and the messages that a daemon would send.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, NamedTuple, Sequence

import paho.mqtt.client as mqtt

from scripts.servers import wait_until


class Heard(NamedTuple):
    topic: str
    payload: bytes
    retained: bool = False


class Direct:
    """Connected to the broker at ``port``."""

    def __init__(self, port: int) -> None:
        self.state = "online"
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        wait_until(self._client.is_connected)

    def retain(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, 1, True).wait_for_publish(60)

    def listen(self, filters: Sequence[str], heard: Callable[[Any], None]) -> None:
        def on_message(client: object, userdata: object, message: mqtt.MQTTMessage) -> None:
            heard(Heard(message.topic, message.payload, message.retain))

        for one in filters:
            self._client.message_callback_add(one, on_message)
            self._client.subscribe(one, 1)

    def event(self, topic: str, said: Dict[str, Any]) -> None:
        self._client.publish(topic, json.dumps(said), 1).wait_for_publish(60)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Device:
    """What the daemon of a device publishes of itself."""

    def __init__(self, publisher: Direct, base: str) -> None:
        self.publisher, self.base = publisher, base

    def available(self, word: str = "online") -> None:
        self.publisher.retain(f"{self.base}/availability", word.encode())

    def state(self, **said: Any) -> None:
        self._json("state", {"version": "1.2.3", **said})

    def telemetry(self, said: Dict[str, Any]) -> None:
        self._json("telemetry", said)

    def camera(self, name: str, state: str, reason: str = "") -> None:
        self._json(f"cameras/{name}/state", {"state": state, "reason": reason or None, "time": "t"})

    def count(self, camera: str, at: str, number: int) -> None:
        self.publisher.retain(f"{self.base}/cameras/{camera}/counts/{at}", b"%d" % number)

    def event(self, camera: str, kind: str, **said: Any) -> None:
        event = {"type": kind, "replayed": False, "camera": camera, **said}
        self.publisher.event(f"{self.base}/cameras/{camera}/events/{kind}", event)

    def _json(self, tail: str, said: Dict[str, Any]) -> None:
        self.publisher.retain(f"{self.base}/{tail}", json.dumps(said).encode())
