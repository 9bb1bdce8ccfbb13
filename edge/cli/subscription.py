"""Messages of a broker, for a command that shows them."""

from __future__ import annotations

import queue
from types import TracebackType
from typing import Any, Callable, List, Optional, Sequence, Tuple, Type

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.config import MqttConfig
from edge.errors import PublishError


class Subscription:
    """``with Subscription(mqtt, topics, tell) as messages: messages.get(timeout=…)``.

    Connects and reconnects in the background; what happens on the way is told once, in words, by ``tell``. A broker
    that refuses is a PublishError from ``get``. Retained messages are old news and left out.
    """

    def __init__(self, config: MqttConfig, topics: Sequence[str], tell: Callable[[str], None]) -> None:
        self._config, self._topics, self._tell = config, topics, tell
        self._messages: queue.Queue[Tuple[str, bytes]] = queue.Queue()
        self._refused: List[str] = []
        self._told = ""
        client = mqtt.Client(CallbackAPIVersion.VERSION2)  # a client id of its own: the daemon's is taken
        if config.username is not None:
            secret = config.password
            client.username_pw_set(config.username, None if secret is None else secret.get_secret_value())
        client.reconnect_delay_set(1, 30)
        client.on_connect = self._on_connect
        client.on_connect_fail = lambda *_: self._once(f"cannot reach {config.url}; trying again")
        client.on_disconnect = lambda *_: self._once(f"connection to {config.url} lost; trying again")
        client.on_message = self._on_message
        self._client = client

    def __enter__(self) -> Subscription:
        self._client.connect_async(self._config.host, self._config.port)
        self._client.loop_start()
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._client.on_disconnect = None
        self._client.disconnect()
        self._client.loop_stop()

    def get(self, timeout: float) -> Tuple[str, bytes]:
        """Topic and payload of the next; ``queue.Empty`` when none comes in time."""
        if self._refused:
            raise PublishError(self._refused[0])
        return self._messages.get(timeout=timeout)

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            given = self._config.username is not None
            why = {134: "wrong user or password", 135: "wrong user or password" if given else "it asks for a user"}
            self._refused.append(f"{self._config.url} refuses: {why.get(code.value, str(code).lower())}")
            return
        client.subscribe([(topic, 1) for topic in self._topics])
        if self._told:
            self._once(f"connected to {self._config.url}")
            self._told = ""

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        if not message.retain:
            self._messages.put((message.topic, bytes(message.payload)))

    def _once(self, words: str) -> None:
        if words != self._told and not self._refused:
            self._told = words
            self._tell(words)
