"""A subscriber that keeps what it gets."""

from __future__ import annotations

import json
import threading
import time
from typing import Any, Callable, List, NamedTuple, Optional
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt

from scripts.servers import PATIENCE


class Message(NamedTuple):
    topic: str
    payload: bytes
    qos: int
    retain: bool

    @property
    def json(self) -> Any:
        return json.loads(self.payload)

    @property
    def text(self) -> str:
        return self.payload.decode()


class Collector:
    """Subscribed when made; reconnects and subscribes again by itself."""

    def __init__(self, url: str, topic: str = "#", username: str = "", password: str = "") -> None:
        self.messages: List[Message] = []
        self._topic = topic
        self._changed = threading.Condition()
        self._subscribed = False
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        if username:
            self._client.username_pw_set(username, password)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(self._topic, qos=1)
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        where = urlsplit(url)
        self._client.connect(where.hostname or "127.0.0.1", where.port or 1883)
        self._client.loop_start()
        self.wait_subscribed()

    def _on_subscribe(self, *_: object) -> None:
        with self._changed:
            self._subscribed = True
            self._changed.notify_all()

    def _on_disconnect(self, *_: object) -> None:
        with self._changed:
            self._subscribed = False
            self._changed.notify_all()

    def _on_message(self, client: mqtt.Client, userdata: object, m: mqtt.MQTTMessage) -> None:
        with self._changed:
            self.messages.append(Message(m.topic, m.payload, m.qos, m.retain))
            self._changed.notify_all()

    def wait_subscribed(self, timeout: float = PATIENCE) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._subscribed, timeout):
                raise TimeoutError(f"not subscribed after {timeout:g} s")

    def wait_for(self, predicate: Callable[[Message], bool], timeout: float = PATIENCE, after: int = 0) -> Message:
        """The first message from number ``after`` on that the predicate likes."""
        deadline = time.monotonic() + timeout
        seen = after
        with self._changed:
            while True:
                while seen < len(self.messages):
                    if predicate(self.messages[seen]):
                        return self.messages[seen]
                    seen += 1
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    topics = sorted({m.topic for m in self.messages[after:]})
                    raise TimeoutError(f"no such message in {timeout:g} s; {len(self.messages) - after} came: {topics}")

    def wait_topic(self, topic: str, text: Optional[str] = None, timeout: float = PATIENCE, after: int = 0) -> Message:
        """The first message at exactly ``topic``, with exactly ``text`` when given."""
        return self.wait_for(lambda m: m.topic == topic and (text is None or m.text == text), timeout, after)

    def on(self, pattern: str) -> List[Message]:
        """What has come at topics that match an MQTT pattern (``+`` and ``#``)."""
        with self._changed:
            return [m for m in self.messages if mqtt.topic_matches_sub(pattern, m.topic)]

    def clear(self) -> None:
        with self._changed:
            del self.messages[:]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
