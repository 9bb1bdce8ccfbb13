"""A broker that remembers its subscriber, and a subscriber that keeps the numbers of all events it was ever told."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from typing import Any, List
from typing import Counter as Counts
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt

from scripts.servers import Broker, wait_until


class KeptBroker(Broker):
    """mosquitto that knows its sessions again after it was killed, so that what it takes meanwhile is not lost."""

    def __init__(self) -> None:
        super().__init__()
        text = self.config.read_text().replace("persistence false", "persistence true")
        lines = [f"persistence_location {self.folder}/", "autosave_interval 0", "max_queued_messages 0"]
        self.config.write_text(text + "\n".join([*lines, "max_inflight_messages 0"]) + "\n")

    def remember(self) -> None:
        """Write down who subscribes now. Messages are not written down: all that were taken have been passed on."""
        os.kill(self.pid, signal.SIGUSR1)
        wait_until((self.folder / "mosquitto.db").exists, what="the broker has saved its sessions")


class Numbers:
    """``seq`` of each event by ``boot_id``, as received with QoS 1: some may come twice."""

    def __init__(self, url: str) -> None:
        self.received: Counts[Any] = Counter()
        self.connected = False
        self._lock = threading.Lock()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="numbers", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("edge/#", qos=1)
        self._client.on_subscribe = lambda *_: self._connected(True)
        self._client.on_disconnect = lambda *_: self._connected(False)
        self._client.on_message = self._heard
        where = urlsplit(url)
        self._client.connect(where.hostname or "", where.port or 1883)
        self._client.loop_start()
        wait_until(lambda: self.connected, what="subscribed")

    def _connected(self, connected: bool) -> None:
        self.connected = connected

    def _heard(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        if "/events/" in message.topic:
            event = json.loads(message.payload)
            with self._lock:
                self.received[event["boot_id"], event["seq"]] += 1

    def faults(self) -> List[str]:
        """What is wrong with the numbers so far: none may be missing, and there is one boot."""
        with self._lock:
            received = list(self.received)
        boots = {boot for boot, _ in received}
        numbers = sorted(number for _, number in received)
        missing = sorted(set(range(1, len(numbers) + 1)) - set(numbers))
        found = [f"{len(boots)} boots"] if len(boots) != 1 else []
        return found + ([f"missing {missing[:10]} of {max(numbers)}"] if missing else [])

    @property
    def twice(self) -> int:
        with self._lock:
            return sum(count - 1 for count in self.received.values())

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
